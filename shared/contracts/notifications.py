"""Events of notifications: whether a mail was delivered, and replies to mails; never the recipient's address."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.fact import Fact

Audience = Literal[
    "applicant", "departement", "delegate", "provider", "party", "national", "committee", "programme", "operator"
]


class DeliveryFact(Fact):
    """A fact about one mail: for whom, by which template, about which event.

    `colleague_id` names the invited colleague of the applicant to whom it went instead of the contact.
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
    """The mail could not be delivered for good. `takes_no_mail`: its address accepts no mail from any sender."""

    wire_type: ClassVar[str] = "notifications.delivery_failed.v1"
    reason: str
    takes_no_mail: bool = False


class ReplyReceived(DeliveryFact):
    """A reply to a mail, as an answer of its recipient; `text` is what was written above the quotation."""

    wire_type: ClassVar[str] = "notifications.reply_received.v1"
    reply_id: UUID
    text: str


FACTS: tuple[type[Fact], ...] = (DeliverySucceeded, DeliveryFailed, ReplyReceived)
