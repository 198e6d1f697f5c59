"""What notifications tells: whether people could be reached, and what they answered; who was meant, not his address."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.fact import Fact

Audience = Literal[
    "applicant", "departement", "delegate", "provider", "party", "national", "committee", "programme", "operator"
]


class DeliveryFact(Fact):
    """A fact about one mail: for whom, by which template, about which event.

    `colleague_id` names the invited colleague of the applicant to whom it went in his stead.
    """

    delivery_id: UUID
    event_id: UUID
    audience: Audience
    template: str
    colleague_id: UUID | None = None


class DeliverySucceeded(DeliveryFact):
    """The mail server took the mail."""

    wire_type: ClassVar[str] = "notifications.delivery_succeeded.v1"


class DeliveryFailed(DeliveryFact):
    """The mail could not be delivered for good. `takes_no_mail`: its address takes none any more, whoever writes."""

    wire_type: ClassVar[str] = "notifications.delivery_failed.v1"
    reason: str
    takes_no_mail: bool = False


class ReplyReceived(DeliveryFact):
    """Somebody answered a mail: `text` is what he wrote above it. It is the answer of whom that mail was for."""

    wire_type: ClassVar[str] = "notifications.reply_received.v1"
    reply_id: UUID
    text: str


FACTS: tuple[type[Fact], ...] = (DeliverySucceeded, DeliveryFailed, ReplyReceived)
