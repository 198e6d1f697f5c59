"""Thousands of cases, filed and led as real ones are, and how long each page then takes.

`python -m tests.qualification.crowd` fills a database of its own with two and a half years of a
département's work, asks each page and each answer of the API twenty times, one after the other, and prints how long
they took.
"""

import argparse
import asyncio
import logging
import random
import secrets
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import httpx2
import structlog

from deploy.local.demo.catalogue import CATALOGUE, load
from deploy.local.postgres import LocalPostgres
from services.operations.adapters import migrations
from services.qualification.domain.people import OrientationLink
from services.qualification.domain.proposal import Propose, Tried
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers
from services.qualification.main import application, messenger_of
from services.qualification.settings import Settings
from services.qualification.usecases import deciding, examining, messages, orienting
from services.qualification.usecases.context import Context
from services.qualification.usecases.orienting import ProviderContext
from shared import clock
from shared.commands import Nothing
from shared.contracts import intake
from shared.contracts.vocabulary import (
    FIELDS_OF,
    ApplicantKind,
    EscalationMotive,
    LocalOffer,
    Outcome,
    Programme,
    RequestKind,
    SupportType,
)
from shared.db import Database, Transaction
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.messaging.inbox.inbox import Inbox
from shared.territory import Territories
from shared.territory.model import Territory
from shared.web import sessions
from tests.conftest import MEMORY
from tests.qualification.life import a_request
from tests.wire import message

WHERE: Final = "95"
SPAN: Final = timedelta(days=900)
FINISHED: Final = timedelta(days=45)
"""Cases older than this are mostly answered."""

TITLES: Final = (
    "Redonner vie au centre-bourg",
    "Rouvrir la maison de santé",
    "Réhabiliter l’ancienne école",
    "Relier les hameaux par une voie verte",
    "Rénover les logements communaux",
    "Accueillir un tiers-lieu numérique",
    "Ouvrir une halle pour les producteurs",
    "Désimperméabiliser la place",
)
PATHS: Final = (
    "/",
    "/?page=100",
    "/?state=registered",
    "/?overdue=true",
    "/?assignee=me",
    "/?q=magny",
    "/?q=tiers-lieu&state=escalated",
    "/?sort=-number",
    "/demandes/{case}",
    "/demandes/{case}/qualification",
    "/demandes/{case}/proposition/escalation",
    "/demandes/{case}/impression",
    "/a-valider",
    "/annuaire",
    "/tableau-de-bord",
    "/tableau-de-bord?months=60",
    "/demandes.csv",
    "/demandes.ods",
)
ANSWERS: Final = (
    "/cases",
    "/cases?q=magny",
    "/cases?overdue=true",
    "/cases/{case}",
    "/cases/{case}/matches",
    "/providers",
    "/dashboard",
)


@dataclass(slots=True)
class Crowd:
    """Fills a database; the same seed gives the same requests."""

    database: Database
    rules: Rules
    territories: Territories
    seed: int = 1
    agents: list[Agent] = field(default_factory=list)
    delegate: Agent | None = None

    async def gathers(self, cases: int) -> None:
        """File so many requests over `SPAN`, oldest first, and lead each as far as its age lets expect."""
        drawn = random.Random(self.seed)  # noqa: S311 - dice for a measurement
        await self._people()
        now = clock.now()
        moments = sorted(now - SPAN * drawn.random() for _ in range(cases))
        lives = [(clock.new_id(), at) for at in moments]
        inbox = Inbox(self.database, handlers(self.rules))
        communes = self.territories.within(WHERE, ApplicantKind.COMMUNE)
        for start in range(0, cases, 100):
            batch = enumerate(lives[start : start + 100], start)
            facts = [self._filed(drawn, place, life, at, communes) for place, (life, at) in batch]
            await inbox.process([message(fact, 1) for fact in facts])
        for start in range(0, cases, 50):
            async with self.database.transaction() as tx:
                for life, at in lives[start : start + 50]:
                    await self._lead(tx, drawn, life, at, now)

    async def multiplies(self, times: int) -> None:
        """Make of each case that is there so many, some hours apart; the rows are what the service wrote."""
        for copy in range(1, times):
            async with self.database.transaction() as tx:
                for statement in COPIED:
                    await tx.execute(statement, copy)

    async def _people(self) -> None:
        async with self.database.transaction() as tx:
            await load(tx, clock.now())
            await tx.execute("UPDATE provider SET capacity = NULL")
            for name, role in (
                *((f"agent{number}", Role.SAT_AGENT) for number in range(1, 6)),
                ("delegue", Role.DELEGATE),
            ):
                agent = await store.add_agent(
                    tx,
                    email=f"{name}@cousu.test",
                    name=name.capitalize(),
                    roles=[role],
                    departements=[WHERE],
                    programmes=[],
                    at=clock.now(),
                )
                self.agents.append(agent)
        self.delegate = self.agents.pop()

    def _filed(
        self, drawn: random.Random, place: int, life: UUID, at: datetime, communes: Sequence[Territory]
    ) -> intake.RequestSubmitted:
        commune = drawn.choice(communes)
        kind = RequestKind.TAILORED_SUPPORT if drawn.random() < 0.8 else RequestKind.TERRITORIAL_PROJECT
        title = drawn.choice(TITLES)
        request = a_request(
            number=f"{WHERE}-{at.year}-{place:06d}",
            applicant=intake.Applicant(
                kind=commune.kind,
                code=commune.code,
                name=commune.name,
                departement=WHERE,
                departements=(WHERE,),
                region=commune.region,
                epci=commune.epci,
                population=commune.population,
            ),
            kind=kind,
            title=title,
            description=f"{title}. La commune n’a pas d’ingénierie. " * 12,
            support_types=(SupportType.AMO_PUBLIQUE,),
            fields=tuple(drawn.sample(sorted(FIELDS_OF[kind]), drawn.randint(1, 2))),
            submitted_at=at,
        )
        return intake.RequestSubmitted(request_id=life, departement=WHERE, at=at, request=request)

    async def _lead(self, tx: Transaction, drawn: random.Random, life: UUID, at: datetime, now: datetime) -> None:
        """Take the steps of a case one after the other, until its dice or the present stop it."""
        agent, stays = drawn.choice(self.agents), drawn.random()
        for step in self._steps(drawn, agent, life):
            at += timedelta(days=drawn.expovariate(1 / 4))
            patience = 0.03 if now - at > FINISHED else 0.4
            if at > now or stays < patience * drawn.random():
                return
            await step(tx, at)

    def _steps(self, drawn: random.Random, agent: Agent, life: UUID) -> Iterator[Any]:
        rules, delegate = self.rules, self.delegate
        assert delegate is not None
        outcome = drawn.choices(list(PROPOSALS), weights=[40, 15, 10, 25, 10])[0]
        marks = [drawn.randint(1, 5) for _ in range(5)]

        def do(tx: Transaction, at: datetime, who: Agent = agent) -> Context:
            return Context(tx, who, at, rules, self.territories)

        async def take(tx: Transaction, at: datetime) -> None:
            await examining.assign(do(tx, at), life, examining.Assign(email=agent.email))

        async def begin(tx: Transaction, at: datetime) -> None:
            await examining.start_examination(do(tx, at), life, Nothing())

        async def write(tx: Transaction, at: datetime) -> None:
            message = messages.Write(text="Pouvons-nous visiter le site mardi ?")
            await messages.post_message(do(tx, at), life, message)

        async def qualify(tx: Transaction, at: datetime) -> None:
            need, capacity, complexity, urgency, maturity = marks
            grid = examining.Qualify(
                need=need,
                capacity=capacity,
                complexity=complexity,
                urgency=urgency,
                maturity=maturity,
                local_offer=LocalOffer.INSUFFICIENT,
                opinion="Besoin avéré.",
            )
            await examining.qualify(do(tx, at), life, grid)

        async def propose(tx: Transaction, at: datetime) -> None:
            await deciding.propose(do(tx, at), life, PROPOSALS[outcome])

        async def validate(tx: Transaction, at: datetime) -> None:
            await deciding.validate(do(tx, at, delegate), life, deciding.Validate())

        async def accept(tx: Transaction, at: datetime) -> None:
            asked = await tx.fetchval("SELECT id FROM orientation WHERE request_id = $1 AND state = 'open'", life)
            if asked:
                await orienting.accept(ProviderContext(tx, OrientationLink(asked, 1), at, rules), Nothing())
                await tx.execute("UPDATE orientation SET state = 'ended' WHERE id = $1", asked)

        yield from (take, begin, write, qualify, propose, validate, accept)


_TWIN: Final = "md5(request_id::text || $1::integer)::uuid"
_OWN: Final = "md5(id::text || $1::integer)::uuid"
_EARLIER: Final = "- $1::integer * interval '7 hours'"
_FIRST: Final = "request_id::text IN (SELECT subject FROM stream)"
"""Cases that were filed: nothing was ever told of their copies."""

COPIED: Final = (
    f"""
    INSERT INTO case_file (request_id, departement, number, state, request, search, assignee_email, assignee_name,
                           qualification, proposal, stage, due_on, overdue_at, suspended_on, answer_until, question,
                           decided, opened_at, state_since)
    SELECT {_TWIN}, departement, left(number, 8) || lpad((right(number, 6)::integer * 10 + $1)::text, 6, '0'), state,
           request, search, assignee_email, assignee_name, qualification, proposal, stage, due_on, overdue_at,
           suspended_on, answer_until, question, decided, opened_at {_EARLIER}, state_since {_EARLIER}
    FROM case_file
    WHERE {_FIRST}
    """,
    f"""
    INSERT INTO case_step (id, request_id, departement, at, type, team, fact)
    SELECT {_OWN}, {_TWIN}, departement, at {_EARLIER}, type, team, fact
    FROM case_step
    WHERE {_FIRST}
    """,
    f"""
    INSERT INTO case_message (id, request_id, departement, at, team, author, text)
    SELECT {_OWN}, {_TWIN}, departement, at {_EARLIER}, team, author, text
    FROM case_message
    WHERE {_FIRST}
    """,
    f"""
    INSERT INTO orientation (id, request_id, departement, provider_id, provider, motive, until, state, answer,
                             opened_at, answered_at)
    SELECT {_OWN}, {_TWIN}, departement, provider_id, provider, motive, until, state, answer, opened_at {_EARLIER},
           answered_at {_EARLIER}
    FROM orientation
    WHERE {_FIRST}
    """,
)

PROPOSALS: Final = {
    Outcome.LOCAL_ORIENTATION: Propose(
        outcome=Outcome.LOCAL_ORIENTATION, motive="Il connaît la commune.", provider_id=CATALOGUE[0].id
    ),
    Outcome.LOCAL_SUPPORT: Propose(
        outcome=Outcome.LOCAL_SUPPORT, motive="Utile.", support_types=[SupportType.AMO_PUBLIQUE], amount_cents=20_000
    ),
    Outcome.REFUSAL: Propose(outcome=Outcome.REFUSAL, motive="Hors du champ de l’agence."),
    Outcome.ESCALATION: Propose(
        outcome=Outcome.ESCALATION,
        motive="L’offre locale ne suffit pas.",
        motive_code=EscalationMotive.LOCAL_OFFER_INSUFFICIENT,
        providers_tried=[Tried(provider_id=CATALOGUE[0].id, answer="Complet.")],
        opinion="Avis favorable.",
    ),
    Outcome.PROGRAMME: Propose(
        outcome=Outcome.PROGRAMME, motive="Un programme le couvre.", programme=Programme.PETITES_VILLES_DE_DEMAIN
    ),
}


@dataclass(frozen=True, slots=True)
class Taken:
    """How long an address took, in milliseconds, over some rounds; and how big its answer was."""

    address: str
    times: list[float]
    size: int

    @property
    def line(self) -> str:
        """Say it in a table's line; on a busy machine the best tells more than the median."""
        best, middle, worst = min(self.times), statistics.median(self.times), max(self.times)
        return f"{self.address:46} {best:7.1f} {middle:7.1f} {worst:7.1f} {self.size / 1024:8.1f}"


async def measure(client: httpx2.AsyncClient, headers: dict[str, str], *, case: UUID, rounds: int) -> list[Taken]:
    """Ask each page and each answer of the API so many times, one after the other."""
    found = []
    for address in (*PATHS, *(f"/api/v1{path}" for path in ANSWERS)):
        times, size = [], 0
        for _ in range(rounds + 2):
            began = time.perf_counter()
            answer = await client.get(address.format(case=case), headers=headers if "/api/" in address else {})
            times.append((time.perf_counter() - began) * 1000)
            assert answer.status_code == 200, (address, answer.status_code, answer.text[:500])
            size = len(answer.content)
        found.append(Taken(address, times[2:], size))
    return found


@asynccontextmanager
async def a_server(folder: Path, port: int) -> AsyncIterator[str]:
    """Start PostgreSQL with an empty, migrated database; give the service's own address of it."""
    server = LocalPostgres(folder / "postgres", port, settings={"fsync": "off", "synchronous_commit": "off"})
    await server.start()
    try:
        for role in ("qualification_owner", "qualification_app"):
            await server.ensure_role(role)
        await server.ensure_database("qualification", owner="qualification_owner")
        owner, url = (server.url("qualification", f"qualification_{who}") for who in ("owner", "app"))
        await migrations.migrate("qualification", owner)
        await migrations.grant(owner, to=url)
        yield url
    finally:
        await server.stop()


@asynccontextmanager
async def a_seat(crowd: Crowd) -> AsyncIterator[tuple[httpx2.AsyncClient, str]]:
    """Sit in front of the service as one of its agents: a client that is signed in, and their token."""
    settings = _settings()
    app = application(
        settings,
        crowd.database,
        rules=crowd.rules,
        territories=crowd.territories,
        describe=messenger_of(settings, crowd.database).describe,
        lifespan=[],
        ready=[],
    )
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with httpx2.AsyncClient(transport=transport, base_url="http://qualification.test", timeout=120) as client:
        yield client, await _comes_in(client, crowd)


async def _comes_in(client: httpx2.AsyncClient, crowd: Crowd) -> str:
    """Sign an agent in, as the sign-in does, and give them a token too."""
    at, key, agent = clock.now(), secrets.token_urlsafe(16), crowd.agents[0]
    async with crowd.database.transaction() as tx:
        await sessions.create(tx, key, agent=agent, data={}, at=at, expires_at=at + timedelta(hours=8))
        token = await store.issue_token(tx, agent_id=agent.id, name="crowd", at=at, expires_at=None)
    client.cookies.set("cousu_qualification_session", key)
    return token if isinstance(token, str) else token.secret


def _settings() -> Settings:
    return Settings.model_validate(
        {
            "database_url": "postgresql://unused",
            "port": 8102,
            "amqp_url": "amqp://127.0.0.1:1/",
            "public_url": "http://qualification.test",
            "intake_url": "http://intake.test",
            "secret_key": secrets.token_hex(32),
            "orientation_key": secrets.token_hex(32),
            "document_key": secrets.token_hex(32),
            "mandate_key": secrets.token_hex(32),
            "requests_per_minute": 0,
        }
    )


async def fill_and_report(folder: Path, *, cases: int, times: int, rounds: int, port: int) -> None:
    """Fill a database in this folder, measure, print."""
    async with a_server(folder, port) as url:
        database = await Database.connect(url, name="crowd", max_size=10)
        crowd = Crowd(database, _settings().rules, Territories.load())
        began = time.perf_counter()
        await crowd.gathers(cases)
        await crowd.multiplies(times)
        _say(f"{cases} cases filed and led, {times} of each made, in {time.perf_counter() - began:.0f} s")
        await report(crowd, rounds)
        await database.close()


async def report(crowd: Crowd, rounds: int) -> None:
    """Say how the cases stand and how long each address takes."""
    rows = await crowd.database.fetch("SELECT state, count(*) FROM case_file GROUP BY state ORDER BY 2 DESC")
    _say(", ".join(f"{row['state']} {row['count']}" for row in rows))
    case = await crowd.database.fetchval(
        "SELECT request_id FROM case_file WHERE state = 'under_examination' ORDER BY opened_at DESC LIMIT 1"
    )
    async with a_seat(crowd) as (client, token):
        taken = await measure(client, {"Authorization": f"Bearer {token}"}, case=case, rounds=rounds)
    _say(f"{'milliseconds':46} {'best':>7} {'median':>7} {'worst':>7} {'KiB':>8}")
    for each in taken:
        _say(each.line)


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201 - a program for the terminal


def main() -> None:
    """Read the command line."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--cases", type=int, default=1_000, help="to file and to lead, one by one")
    asked.add_argument("--times", type=int, default=10, help="how many to make of each")
    asked.add_argument("--rounds", type=int, default=20)
    asked.add_argument("--port", type=int, default=9790, help="of the PostgreSQL that is started")
    given = asked.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with tempfile.TemporaryDirectory(dir=MEMORY) as folder:
        Path(folder).chmod(0o711)  # PostgreSQL's own account walks into it
        asyncio.run(
            fill_and_report(Path(folder), cases=given.cases, times=given.times, rounds=given.rounds, port=given.port)
        )


if __name__ == "__main__":
    main()
