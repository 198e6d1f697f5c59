"""Run all four services without a broker: a test decides who acts when, and which event arrives next."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final
from uuid import UUID

from deploy.local.demo import means as escalation_demonstration
from services.escalation import handlers as escalation_handlers
from services.escalation.domain.durations import Durations
from services.escalation.domain.grant import GRANTING
from services.escalation.usecases import accompaniment, committee, means, programmes
from services.escalation.usecases import dossier as dossiers
from services.escalation.usecases.context import Context
from services.intake import handlers as intake_handlers
from services.intake.domain.colleagues import Holder
from services.intake.store import requests
from services.intake.usecases import documents, filing, messages, withdrawal
from services.intake.usecases.context import Context as LinkContext
from services.notifications import handlers as notifications_handlers
from services.notifications.replay import parts
from services.qualification import handlers as qualification_handlers
from services.qualification.domain.matching import CatalogueEntry
from services.qualification.domain.people import OrientationLink
from services.qualification.domain.proposal import Propose
from services.qualification.domain.rules import Rules
from services.qualification.store import providers
from services.qualification.usecases import deciding, examining, orienting
from services.qualification.usecases import messages as case_messages
from services.qualification.usecases.context import Context as QualificationContext
from shared import clock
from shared.clock import new_id
from shared.commands import Command, Nothing
from shared.contracts import intake
from shared.contracts.vocabulary import (
    CommitteeOutcome,
    EscalationMotive,
    LocalOffer,
    MobilisationKind,
    Outcome,
    Programme,
    SupportType,
)
from shared.db import Database, Transaction
from shared.documents import PDF
from shared.errors import Refusal
from shared.identity.model import Agent, Role
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.territory.territories import Territories
from tests.qualification.life import a_request

SERVICES: Final = ("intake", "qualification", "escalation", "notifications")
AGENTS: Final = ("95", "78")
AMOUNT: Final = 12_300
PROGRAMME: Final = Programme.PETITES_VILLES_DE_DEMAIN
GRID: Final = examining.Qualify(
    need=3,
    capacity=3,
    complexity=3,
    urgency=3,
    maturity=3,
    local_offer=LocalOffer.INSUFFICIENT,
    opinion="Avis.",
)
RULES: Final = Rules()
DURATIONS: Final = Durations()
BETWEEN_DEPARTEMENTS: Final = ["qualification.request_transferred.v1", "qualification.exchanges_transferred.v1"]
"""What qualification consumes of itself: one département publishes it, another has its case from it."""


def an_agent(name: str, *roles: Role, programmes: frozenset[str] = frozenset()) -> Agent:
    """Make somebody who may act in both départements."""
    return Agent(new_id(), f"{name}@cousu.test", name, frozenset(roles), frozenset(AGENTS), programmes)


SAT: Final = an_agent("sat", Role.SAT_AGENT)
DELEGATE: Final = an_agent("delegue", Role.DELEGATE)
NATIONAL: Final = an_agent("national", Role.NATIONAL_AGENT)
SECRETARY: Final = an_agent("secretaire", Role.COMMITTEE_SECRETARY)


@dataclass
class World:
    """Four databases; `skew` puts the clock of a service ahead or behind."""

    databases: Mapping[str, Database]
    territories: Territories
    provider_id: UUID = field(default_factory=new_id)
    session_id: UUID | None = None
    skew: dict[str, timedelta] = field(default_factory=lambda: defaultdict(timedelta))
    _given: dict[tuple[str, str, str], int] = field(default_factory=lambda: defaultdict(int))

    def __post_init__(self) -> None:
        """Give each service its inbox."""
        tables: dict[str, EventHandlers] = {
            "intake": intake_handlers.handlers(self.territories),
            "qualification": qualification_handlers.handlers(RULES),
            "escalation": escalation_handlers.handlers(DURATIONS),
            "notifications": notifications_handlers.handlers(parts()),
        }
        self._inboxes = {name: Inbox(self.databases[name], tables[name]) for name in SERVICES}

    async def prepare(self) -> None:
        """Enter a provider, open the national envelope, plan a session."""
        at = clock.now()
        async with self.databases["qualification"].transaction() as tx:
            entry = CatalogueEntry(
                id=self.provider_id, name="CAUE", kind="caue", email="caue@cousu.test", departements=("95", "78")
            )
            await providers.insert(tx, entry, at)
        async with self.databases["escalation"].transaction() as tx:
            await escalation_demonstration.load(tx, at)
            planned = committee.PlanSession(title="Comité", held_on=at.date(), members=[])
            self.session_id = await committee.plan_session(Context(tx, SECRETARY, at), planned)

    async def files(self) -> UUID:
        """An applicant files a request."""
        at = clock.now() + self.skew["intake"]
        async with self.databases["intake"].transaction() as tx:
            request = a_request(number=await requests.next_number(tx, "95", at.year), submitted_at=at)
            fact = intake.RequestSubmitted(request_id=new_id(), departement="95", at=at, request=request)
            await filing.store_submitted(tx, fact, event_id=await journal.record(tx, fact))
        return fact.request_id

    async def act(self, request_id: UUID, name: str) -> bool:
        """Let somebody act; tell whether it was allowed."""
        service, act = ACTS[name]
        try:
            async with self.databases[service].transaction() as tx:
                await act(self, tx, request_id, clock.now() + self.skew[service])
        except Refusal:
            return False
        return True

    async def waiting(self, request_id: UUID) -> list[tuple[str, str]]:
        """List which listener waits for an event of which source about this request."""
        return [
            (listener, row["source"])
            for listener, rows in (await self._streams(request_id)).items()
            for row in rows
            if row["last"] > self._given[listener, row["source"], str(request_id)]
        ]

    async def deliver(self, request_id: UUID, listener: str, source: str) -> None:
        """Give a listener the next event of a stream."""
        key = listener, source, str(request_id)
        row = await self.databases[source.split("/")[1]].fetchrow(
            """
            SELECT position, routing_key, body
            FROM journal
            WHERE source = $1 AND subject = $2 AND position > $3
              AND ($4 OR type = ANY($5))
            ORDER BY position
            LIMIT 1
            """,
            source,
            str(request_id),
            self._given[key],
            source.split("/")[1] != listener,
            BETWEEN_DEPARTEMENTS,
        )
        assert row is not None
        self._given[key] = row["position"]
        await self._inboxes[listener].process([Message(row["body"].encode(), row["routing_key"])])

    async def settle(self, request_id: UUID, rng: Random) -> None:
        """Deliver everything in a random order, and try again what is held, until nothing moves."""
        while True:
            while waiting := await self.waiting(request_id):
                await self.deliver(request_id, *rng.choice(waiting))
            for name, inbox in self._inboxes.items():
                held = await self.databases[name].fetch(
                    "SELECT DISTINCT source FROM inbox_held WHERE subject = $1", str(request_id)
                )
                for row in held:
                    await inbox.resume(str(request_id), row["source"])
            if not await self.waiting(request_id):
                return

    async def _streams(self, request_id: UUID) -> dict[str, list[Any]]:
        found: dict[str, list[Any]] = {name: [] for name in SERVICES}
        for teller in SERVICES:
            rows = await self.databases[teller].fetch(
                """
                SELECT source, max(position) AS last,
                       max(position) FILTER (WHERE type = ANY($2)) AS transferred
                FROM journal
                WHERE subject = $1
                GROUP BY source
                """,
                str(request_id),
                BETWEEN_DEPARTEMENTS,
            )
            for listener in SERVICES:
                if listener != teller:
                    found[listener] += rows
                elif teller == "qualification":
                    found[listener] += [
                        {"source": row["source"], "last": row["transferred"]} for row in rows if row["transferred"]
                    ]
        return found


Act = Callable[[World, Transaction, UUID, Any], Awaitable[object]]
UseCase = Callable[[QualificationContext, UUID, Any], Awaitable[object]]


def _on_case(use_case: UseCase, command: Callable[[World], Command], who: Agent = SAT) -> Act:
    """Let somebody of the département do something with a case."""
    return lambda world, tx, rid, at: use_case(
        QualificationContext(tx, who, at, RULES, world.territories), rid, command(world)
    )


def _does(use_case: UseCase, command: Command, who: Agent = SAT) -> Act:
    return _on_case(use_case, lambda _: command, who)


def _proposes(outcome: Outcome, who: Agent = SAT, **more: Any) -> Act:
    return _does(deciding.propose, Propose(outcome=outcome, motive="Motif.", **more), who)


async def _provider(tx: Transaction, request_id: UUID) -> UUID:
    found = await tx.fetchval(
        "SELECT id FROM orientation WHERE request_id = $1 ORDER BY opened_at DESC LIMIT 1", request_id
    )
    return found or new_id()


async def _by_link(tx: Transaction, rid: UUID, at: datetime) -> orienting.ProviderContext:
    return orienting.ProviderContext(tx, OrientationLink(await _provider(tx, rid), 1), at, RULES)


async def _accepts(_: World, tx: Transaction, rid: UUID, at: Any) -> None:
    await orienting.accept(await _by_link(tx, rid, at), Nothing())


async def _declines(_: World, tx: Transaction, rid: UUID, at: Any) -> None:
    await orienting.decline(await _by_link(tx, rid, at), orienting.Decline(motive="Complet."))


def _decides(outcome: CommitteeOutcome) -> Act:
    async def decide(world: World, tx: Transaction, rid: UUID, at: Any) -> None:
        assert world.session_id is not None
        decision = committee.Decide(
            request_id=rid,
            outcome=outcome,
            motive="Motif.",
            support_types=[SupportType.INGENIERIE_PROJET] if outcome in GRANTING else [],
            amount_cents=1_000_000 if outcome in GRANTING else None,
            reserve="Une réserve." if outcome is CommitteeOutcome.GRANTED_WITH_RESERVE else None,
        )
        await committee.decide(Context(tx, SECRETARY, at), world.session_id, decision)

    return decide


async def _schedules(world: World, tx: Transaction, rid: UUID, at: Any) -> None:
    assert world.session_id is not None
    await dossiers.schedule(Context(tx, NATIONAL, at), rid, dossiers.Schedule(session_id=world.session_id))


def _mobilises(order: str | None) -> Act:
    command = means.Mobilise(
        kind=MobilisationKind.INTERNAL, resource="Cerema", amount_cents=AMOUNT, purchase_order=order
    )
    return lambda _, tx, rid, at: means.mobilise(Context(tx, NATIONAL, at), rid, command)


def _steps(take: Callable[[Context, UUID, UUID, Nothing], Awaitable[None]]) -> Act:
    async def step(_: World, tx: Transaction, rid: UUID, at: Any) -> None:
        one = await tx.fetchval("SELECT id FROM mobilisation WHERE request_id = $1 ORDER BY id DESC LIMIT 1", rid)
        await take(Context(tx, NATIONAL, at), rid, one or new_id(), Nothing())

    return step


def _applicant(tx: Transaction, request_id: UUID, at: datetime) -> LinkContext:
    return LinkContext(tx, Holder(request_id, generation=1), at)


def _a_document(at: datetime) -> intake.Document:
    return intake.Document(id=new_id(), name="plan.pdf", media_type=PDF, size=1, sha256="0" * 64, added_at=at)


ACTS: Final[Mapping[str, tuple[str, Act]]] = {
    "withdraws": (
        "intake",
        lambda _, tx, rid, at: withdrawal.withdraw(_applicant(tx, rid, at), withdrawal.Withdraw(motive="Abandonné.")),
    ),
    "writes": (
        "intake",
        lambda _, tx, rid, at: messages.post_message(_applicant(tx, rid, at), messages.PostMessage(text="Bonjour.")),
    ),
    "joins": (
        "intake",
        lambda _, tx, rid, at: documents.add_document(_applicant(tx, rid, at), _a_document(at)),
    ),
    "completes": (
        "intake",
        lambda _, tx, rid, at: messages.provide_information(
            _applicant(tx, rid, at), messages.ProvideInformation(text="Le plan.")
        ),
    ),
    "examines": ("qualification", _does(examining.start_examination, Nothing())),
    "asks": (
        "qualification",
        _does(examining.request_information, examining.RequestInformation(items=["Le plan"])),
    ),
    "qualifies": ("qualification", _does(examining.qualify, GRID)),
    "proposes a provider": (
        "qualification",
        _on_case(
            deciding.propose,
            lambda world: Propose(outcome=Outcome.LOCAL_ORIENTATION, motive="Motif.", provider_id=world.provider_id),
        ),
    ),
    "proposes support": (
        "qualification",
        _proposes(Outcome.LOCAL_SUPPORT, support_types=[SupportType.INGENIERIE_PROJET], amount_cents=AMOUNT),
    ),
    "proposes a programme": ("qualification", _proposes(Outcome.PROGRAMME, programme=PROGRAMME)),
    "proposes an escalation": (
        "qualification",
        _proposes(Outcome.ESCALATION, motive_code=EscalationMotive.COMPLEX_OR_MULTITHEMATIC, opinion="Favorable."),
    ),
    "proposes a refusal": ("qualification", _proposes(Outcome.REFUSAL)),
    "the délégué proposes a refusal": ("qualification", _proposes(Outcome.REFUSAL, DELEGATE)),
    "proposes a transfer": ("qualification", _proposes(Outcome.TRANSFER, departement="78")),
    "validates": ("qualification", _does(deciding.validate, deciding.Validate(), DELEGATE)),
    "rejects": ("qualification", _does(deciding.reject, deciding.Reject(motive="Non."), DELEGATE)),
    "accepts": ("qualification", _accepts),
    "declines": ("qualification", _declines),
    "answers": ("qualification", _does(case_messages.answer_national_team, case_messages.Write(text="Oui."))),
    "settles": (
        "escalation",
        lambda _, tx, rid, at: dossiers.settle_admissibility(
            Context(tx, NATIONAL, at), rid, dossiers.SettleAdmissibility(opinion="Oui.")
        ),
    ),
    "questions": (
        "escalation",
        lambda _, tx, rid, at: dossiers.ask_departement(
            Context(tx, NATIONAL, at), rid, dossiers.AskDepartement(question="Le foncier ?")
        ),
    ),
    "returns": (
        "escalation",
        lambda _, tx, rid, at: dossiers.return_to_departement(
            Context(tx, NATIONAL, at), rid, dossiers.ReturnToDepartement(motive="Localement.")
        ),
    ),
    "schedules": ("escalation", _schedules),
    **{f"decides {outcome.value}": ("escalation", _decides(outcome)) for outcome in CommitteeOutcome},
    "mobilises": ("escalation", _mobilises(None)),
    "orders": ("escalation", _mobilises("BC-2026-1")),
    "accepts the mobilisation": ("escalation", _steps(means.accept_mobilisation)),
    "declines the mobilisation": ("escalation", _steps(means.decline_mobilisation)),
    "accompanies": (
        "escalation",
        lambda _, tx, rid, at: accompaniment.start_accompaniment(
            Context(tx, NATIONAL, at),
            rid,
            accompaniment.StartAccompaniment(starts_on=at.date(), ends_on=at.date() + timedelta(days=90)),
        ),
    ),
    "takes up": (
        "escalation",
        lambda _, tx, rid, at: programmes.take_up(
            Context(tx, NATIONAL, at), PROGRAMME, rid, programmes.TakeUp(interlocutor="La cheffe de projet")
        ),
    ),
    "sends back": (
        "escalation",
        lambda _, tx, rid, at: programmes.decline(
            Context(tx, NATIONAL, at), PROGRAMME, rid, programmes.Decline(motive="Non.")
        ),
    ),
}
"""What somebody does → in which service and how."""

EXAMINED: Final = ("examines", "qualifies")
SUPPORTED: Final = (*EXAMINED, "proposes support", "validates")
ORIENTED: Final = (*EXAMINED, "proposes a provider", "validates")
DIRECTED: Final = (*EXAMINED, "proposes a programme", "validates")
ESCALATED: Final = (*EXAMINED, "proposes an escalation", "validates")
SCHEDULED: Final = ("settles", "schedules")
GRANTED: Final = (*ESCALATED, *SCHEDULED, "decides granted")
"""What people do one after the other until a request stands somewhere."""
