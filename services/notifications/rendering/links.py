"""Make the link of each mail; secret links are made when the mail is sent, and never stored."""

import re
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from shared.links import Links

SECRET: Final = frozenset({"tracking", "follower", "orientation", "pact"})
"""Kinds of link that open something to whoever has them."""


@dataclass(frozen=True, slots=True)
class MailLinks:
    """Where the services are reached, and the keys of their secret links."""

    intake: str
    qualification: str
    escalation: str
    notifications: str
    tracking: Links
    followers: Links
    orientation: Links
    pact: Links

    @property
    def preferences(self) -> str:
        """Return the address where agents choose which mails they receive, and how often."""
        return f"{self.notifications}/preferences"

    def open(self, kind: str, target: str) -> str:
        """Return the address of a page for agents; `target` is a request, a programme, a delivery, a webhook."""
        return {
            "case": f"{self.qualification}/demandes/{target}",
            "led_pact": f"{self.qualification}/pactes/{target}",
            "escalation": f"{self.escalation}/demandes/{target}",
            "session": f"{self.escalation}/comite/{target}",
            "programme": f"{self.escalation}/programmes/{target}",
            "delivery": f"{self.notifications}/messages/{target}",
            "webhook": f"{self.notifications}/abonnements/{target}",
            "cases": f"{self.qualification}/",
            "escalations": f"{self.escalation}/",
            "notifications": f"{self.notifications}/",
        }[kind]

    def secret(self, kind: str, target: str, generation: int) -> str:
        """Return a personal address; `generation` is the tracking link's valid one, others have theirs in the target.

        Mails about an orientation that were queued by an earlier version name none: their link is the first.
        """
        match kind:
            case "tracking":
                return f"{self.intake}/suivi/{self.tracking.token(UUID(target), generation)}"
            case "follower":
                return f"{self.intake}/suivi/{self.followers.token(UUID(target))}"
            case "pact":
                party, _, own = target.partition(".")
                return f"{self.qualification}/pactes/parties/{self.pact.token(UUID(party), int(own))}"
            case _:
                orientation, _, own = target.partition(".")
                return f"{self.qualification}/orientations/{self.orientation.token(UUID(orientation), int(own or 1))}"


def mark(delivery_id: UUID) -> str:
    """Return what stands in a stored mail for its secret link."""
    return f"cousu-main:lien-personnel:{delivery_id}"


MASKED: Final = "lien-personnel-masque"
"""Where a masked link leads: the sentence of that name in a mail that is shown."""


def hide(body: str, delivery_id: UUID, *, behind: str = f"#{MASKED}") -> str:
    """Show a stored mail to agents: the secret link stays with its addressee."""
    return re.sub(re.escape(mark(delivery_id)) + r"(#[a-z]+)?", behind, body)
