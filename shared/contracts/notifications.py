"""What notifications tells: whether people could be reached. No address travels, only who was meant."""

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.fact import Fact

Audience = Literal["applicant", "departement", "delegate", "provider", "party", "national", "programme", "operator"]


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
    """The mail could not be delivered for good."""

    wire_type: ClassVar[str] = "notifications.delivery_failed.v1"
    reason: str


FACTS: tuple[type[Fact], ...] = (DeliverySucceeded, DeliveryFailed)
