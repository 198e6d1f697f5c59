"""Steps in the life of a request, told as other services tell them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from shared.clock import new_id, now
from shared.contracts import intake
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import ApplicantKind, Field, RequestKind, Role, SupportType
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.wire import Streams

NATIONAL = Actor(role=Role.NATIONAL_AGENT, name="Équipe nationale", email="national@cousu.test")

GRID: dict[str, Any] = {
    "need": 4,
    "capacity": 2,
    "complexity": 4,
    "urgency": 3,
    "maturity": 3,
    "local_offer": "insufficient",
    "opinion": "Le projet est mûr et la commune n’a pas d’ingénierie.",
}


def a_request(**changes: Any) -> intake.Request:
    """What was filed: a town centre, in Magny-en-Vexin."""
    given: dict[str, Any] = {
        "number": "95-2026-000001",
        "applicant": intake.Applicant(
            kind=ApplicantKind.COMMUNE,
            code="95355",
            name="Magny-en-Vexin",
            departement="95",
            departements=("95",),
            region="11",
            epci="200035970",
            population=5_600,
        ),
        "contact": intake.Contact(
            name="Cabinet de la mairie", role="Maire", email="mairie@magny.test", phone="01 00 00 00 00"
        ),
        "kind": RequestKind.TAILORED_SUPPORT,
        "title": "Redonner vie au centre-bourg",
        "description": "Le dernier commerce a fermé.",
        "support_types": (SupportType.INGENIERIE_PROJET,),
        "fields": (Field.REVITALISATION_COMMERCIALE,),
        "submitted_at": now(),
    }
    return intake.Request(**{**given, **changes})


@dataclass
class Life:
    """One request's streams: each fact has its place in the stream of its source."""

    inbox: Inbox
    request_id: UUID = field(default_factory=new_id)
    departement: str = "95"
    streams: Streams = field(default_factory=Streams)

    async def submitted(self, *, at: datetime | None = None, **changes: Any) -> UUID:
        """The request is filed."""
        request = a_request(**changes)
        await self.tell(intake.RequestSubmitted(**self.about(at), request=request))
        return self.request_id

    def about(self, at: datetime | None = None) -> dict[str, Any]:
        """What every fact has."""
        return {"request_id": self.request_id, "departement": self.departement, "at": at or now()}

    async def tell(self, *facts: Fact) -> None:
        """Let the service hear them, in order."""
        await self.inbox.process([self.message(fact) for fact in facts])

    def message(self, fact: Fact) -> Message:
        """Put a fact in its envelope."""
        return self.streams.message(fact)


def long_ago(days: int = 60) -> datetime:
    """A moment so many days before now."""
    return datetime.now(UTC) - timedelta(days=days)


def in_days(days: int) -> date:
    """A day to come."""
    return (datetime.now(UTC) + timedelta(days=days)).date()


def names(items: Sequence[dict[str, Any]], key: str) -> list[Any]:
    """Give one member of each."""
    return [item[key] for item in items]
