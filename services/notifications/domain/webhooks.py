"""Webhook rules: events a partner may receive, signature, retry schedule and suspension."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from services.notifications.domain.deliveries import next_attempt
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Fact
from shared.keys import keys

FACTS: Final = (*intake.FACTS, *qualification.FACTS, *escalation.FACTS)
"""What partners may receive: every event of the three services about requests, pacts and programmes."""

_MEMBERS: Final = frozenset(
    {
        "number", "outcome", "programme", "stage", "due_on", "until", "held_on", "starts_on", "ends_on", "lifted_on",
        "from_departement", "round", "withdrawn_at", "void", "state", "reason",
    }
)  # fmt: skip
_OF_A_DECISION: Final = ("number", "outcome", "decided_on", "amount_cents", "reserve_until", "corrects")
_OF_A_REQUEST: Final = ("kind", "programme", "support_types", "fields", "submitted_at")
_OF_AN_APPLICANT: Final = ("kind", "code", "name", "departement")

LEASE: Final = timedelta(minutes=2)
"""How long one attempt may take; after it another sender tries again."""
OLD_SECRET_LASTS: Final = timedelta(days=1)
"""How long events are signed with the secret before too, so that a partner changes it without losing any."""
LONGEST_WAIT: Final = timedelta(hours=4)
"""As long as a partner may ask us to wait (`Retry-After`)."""
KEPT_FOR: Final = timedelta(days=90)
"""How long events and attempts are stored: as far back as a partner may ask to be sent them again."""


class State(StrEnum):
    """Whether a subscription is served."""

    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Result(StrEnum):
    """How one attempt ended."""

    TAKEN = "taken"
    REFUSED = "refused"
    UNREACHABLE = "unreachable"
    FORBIDDEN = "forbidden"
    """The address leads into a network that we do not call: our own, or a private one."""


GONE: Final = 410
"""By this status a partner says that they want nothing more."""


def webhook_payload(fact: Fact, *, event_id: UUID, number: str | None) -> dict[str, Any]:
    """Return what a partner may know of a fact: what, when, which request and where; nothing that people typed.

    Who needs more asks the API, with an agent's token and perimeter.
    """
    members = fact.model_dump(mode="json")
    data = {name: value for name, value in members.items() if name in _MEMBERS and value is not None}
    if isinstance(fact, intake.RequestSubmitted):
        request = members["request"]
        data |= {name: request[name] for name in _OF_A_REQUEST if request.get(name)}
        data["applicant"] = {name: request["applicant"][name] for name in _OF_AN_APPLICANT}
    if isinstance(fact, escalation.DecisionMade | escalation.DecisionCorrected):
        data["decision"] = {name: members["decision"][name] for name in _OF_A_DECISION if members["decision"].get(name)}
    return {
        "id": str(event_id),
        "type": fact.wire_type,
        "source": fact.source,
        "time": members["at"],
        "request_id": fact.subject,
        "number": number or members.get("number"),
        "departement": fact.departement,
        "data": data,
    }


TEST: Final = "notifications.webhook_test.v1"
"""The type of a test event."""


def test_event(event_id: UUID, *, at: datetime) -> dict[str, Any]:
    """Return a test event: the members of every other one, about no request."""
    return {
        "id": str(event_id),
        "type": TEST,
        "source": "/notifications",
        "time": at.isoformat(),
        "request_id": None,
        "number": None,
        "departement": None,
        "data": {},
    }


@dataclass(frozen=True, slots=True)
class Secrets:
    """Makes the secret of each subscription, which is stored nowhere."""

    key: str = field(repr=False)

    def of(self, webhook_id: UUID, generation: int) -> str:
        """Return the secret as the partner is shown it."""
        return self.every(webhook_id, generation)[0]

    def every(self, webhook_id: UUID, generation: int) -> list[str]:
        """Return the secret made with each key, newest first: the partner may still know the one of an older key."""
        subject = f"webhook\0{webhook_id}\0{generation}".encode()
        digests = (hmac.digest(key.raw, subject, hashlib.sha256) for key in keys(self.key))
        return ["whsec_" + base64.b64encode(digest).decode() for digest in digests]


def signature(secret: str, event_id: str, timestamp: int, body: bytes) -> str:
    """Sign as the open specification Standard Webhooks says, for which partners find a library in most languages."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{event_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def headers(secrets: list[str], event_id: str, body: bytes, *, at: datetime) -> Mapping[str, str]:
    """Return what goes with an event; `secrets` are the valid one and, for a day, the one before."""
    timestamp = int(at.timestamp())
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(signature(secret, event_id, timestamp, body) for secret in secrets),
        "Content-Type": "application/json",
        "User-Agent": "Cousu-main/1",
    }


def again_at(
    *, failures: int, failing_since: datetime, at: datetime, wait: timedelta | None, chance: float
) -> datetime | None:
    """Return the moment of the next attempt after so many failures in a row; None after two days without success.

    `wait` is what the partner asked for.
    """
    due = next_attempt(attempts=failures, unanswered=0, tried_since=failing_since, at=at, chance=chance)
    return max(due, at + min(wait, LONGEST_WAIT)) if due and wait else due
