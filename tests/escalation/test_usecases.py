"""What must hold when several do it at once, and what happens by itself as time passes."""

import asyncio
import contextlib
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from deploy.local.demo import means as demonstration
from services.escalation import jobs
from services.escalation.domain.refusals import BeyondGrant, EnvelopeExceeded, LotExceeded
from services.escalation.settings import Settings
from services.escalation.usecases import committee, due_dates, means
from services.escalation.usecases.context import Context
from services.escalation.usecases.recording import day
from shared import clock
from shared.clock import new_id
from shared.contracts.vocabulary import CommitteeOutcome, MobilisationKind
from shared.db import Database
from shared.errors import IllegalMove, Invalid
from shared.identity.model import Agent
from tests.escalation.life import (
    WITHOUT_LIMIT,
    Ear,
    Program,
    a_decided_dossier,
    a_lot,
    a_request_escalated,
    an_accompanied_dossier,
)
from tests.escalation.test_handlers import a_message
from tests.today import today
from tests.wrong_clock import WRONG, set_clock


@pytest.mark.usefixtures("envelope")
async def test_many_at_once_never_commit_more_than_the_envelope_holds(
    database: Database, national: Program, national_agent: Agent, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, **WITHOUT_LIMIT)
    share = demonstration.AMOUNT_CENTS // 4

    async def mobilise() -> bool:
        try:
            async with database.transaction() as tx:
                await means.mobilise(
                    Context(tx, national_agent, clock.now()),
                    UUID(received),
                    means.Mobilise(kind=MobilisationKind.EXTERNAL, resource="Marché", amount_cents=share),
                )
        except EnvelopeExceeded:
            return False
        return True

    done = await asyncio.gather(*(mobilise() for _ in range(12)))
    assert done.count(True) == 4
    row = await database.fetchrow("SELECT amount_cents, committed_cents FROM envelope")
    assert row is not None
    assert row["committed_cents"] == 4 * share <= row["amount_cents"]
    assert await database.fetchval("SELECT count(*) FROM mobilisation") == 4


@pytest.mark.usefixtures("envelope")
async def test_many_at_once_never_mobilise_more_than_was_granted(
    database: Database, national: Program, national_agent: Agent, secretary: Program, received: str
) -> None:
    await a_decided_dossier(national, secretary, received, amount_cents=250_000)

    async def mobilise() -> bool:
        try:
            async with database.transaction() as tx:
                await means.mobilise(
                    Context(tx, national_agent, clock.now()),
                    UUID(received),
                    means.Mobilise(kind=MobilisationKind.EXTERNAL, resource="Marché", amount_cents=100_000),
                )
        except BeyondGrant:
            return False
        return True

    done = await asyncio.gather(*(mobilise() for _ in range(6)))
    assert done.count(True) == 2
    grant = (await national.get(f"/escalations/{received}"))["grant"]
    assert (grant["mobilised_cents"], grant["left_cents"]) == (200_000, 50_000)
    assert await database.fetchval("SELECT committed_cents FROM envelope") == 200_000


@pytest.mark.usefixtures("envelope")
async def test_many_dossiers_at_once_share_an_envelope_without_exceeding_it(
    database: Database, ear: Ear, national: Program, national_agent: Agent, secretary: Program
) -> None:
    facts = [a_request_escalated(number=f"95-2026-{number:06d}") for number in range(1, 7)]
    await ear.hears(*facts)
    for fact in facts:
        await a_decided_dossier(national, secretary, str(fact.request_id), **WITHOUT_LIMIT)

    async def mobilise(request_id: UUID) -> bool:
        try:
            async with database.transaction() as tx:
                await means.mobilise(
                    Context(tx, national_agent, clock.now()),
                    request_id,
                    means.Mobilise(
                        kind=MobilisationKind.EXTERNAL, resource="Marché", amount_cents=demonstration.AMOUNT_CENTS // 2
                    ),
                )
        except EnvelopeExceeded:
            return False
        return True

    done = await asyncio.gather(*(mobilise(fact.request_id) for fact in facts))
    assert done.count(True) == 2


@pytest.mark.usefixtures("envelope")
async def test_many_orders_at_once_never_go_above_a_lots_ceiling_and_are_numbered_without_holes(
    database: Database, ear: Ear, national: Program, national_agent: Agent, secretary: Program
) -> None:
    lot = await a_lot(national, ceiling_cents=400_000)
    facts = [a_request_escalated(number=f"95-2026-{number:06d}") for number in range(1, 5)]
    await ear.hears(*facts)
    for fact in facts:
        await a_decided_dossier(national, secretary, str(fact.request_id))

    async def order(request_id: UUID) -> bool:
        try:
            async with database.transaction() as tx:
                await means.mobilise(
                    Context(tx, national_agent, clock.now()),
                    request_id,
                    means.Mobilise(kind=MobilisationKind.EXTERNAL, lot_id=UUID(lot["id"]), amount_cents=80_000),
                )
        except LotExceeded:
            return False
        return True

    done = await asyncio.gather(*(order(fact.request_id) for fact in facts for _ in range(2)))
    assert done.count(True) == 5
    assert await database.fetchval("SELECT committed_cents FROM lot WHERE id = $1", UUID(lot["id"])) == 400_000
    assert await database.fetchval("SELECT committed_cents FROM envelope") == 400_000
    rows = await database.fetch("SELECT purchase_order FROM mobilisation ORDER BY purchase_order")
    assert [row["purchase_order"] for row in rows] == [f"BC-{clock.now().year}-{n:04d}" for n in range(1, 6)]


async def test_decision_numbers_have_no_holes_and_no_doubles(
    database: Database, ear: Ear, national: Program, secretary: Program, secretary_agent: Agent, settings: Settings
) -> None:
    facts = [a_request_escalated(number=f"95-2026-{number:06d}") for number in range(1, 9)]
    await ear.hears(*facts)
    agendas: dict[UUID, str] = {}
    for fact in facts:
        await national.post(f"/escalations/{fact.request_id}/admissibility", {"opinion": "Oui."})
        session = await secretary.post("/sessions", {"held_on": today(), "title": "Comité"}, status=201)
        await national.post(f"/escalations/{fact.request_id}/schedule", {"session_id": session["id"]})
        agendas[fact.request_id] = session["id"]

    async def decide(request_id: UUID, *, reserve: str | None) -> None:
        with contextlib.suppress(Invalid, IllegalMove):
            async with database.transaction() as tx:
                await committee.decide(
                    Context(tx, secretary_agent, clock.now(), settings.durations),
                    UUID(agendas[request_id]),
                    committee.Decide(
                        request_id=request_id, outcome=CommitteeOutcome.GRANTED, motive="Vu.", reserve=reserve
                    ),
                )

    attempts = [decide(fact.request_id, reserve=reserve) for fact in facts for reserve in (None, "Trop.", None)]
    await asyncio.gather(*attempts)
    rows = await database.fetch("SELECT number FROM decision ORDER BY number")
    assert [row["number"] for row in rows] == [f"CSP-2026-{number:04d}" for number in range(1, 9)]


async def test_a_stage_that_is_overdue_is_told_once(
    database: Database, ear: Ear, national: Program, settings: Settings
) -> None:
    late = a_request_escalated(at=clock.now() - timedelta(days=60))
    await ear.hears(late, a_request_escalated(number="95-2026-000124"))
    assert (await national.get("/escalations?overdue=true"))["total"] == 1
    await asyncio.gather(*(jobs.run_once(database, settings) for _ in range(3)))
    rows = await database.fetch("SELECT subject FROM journal WHERE type = 'escalation.stage_overdue.v1'")
    assert [row["subject"] for row in rows] == [str(late.request_id)]


@WRONG
async def test_a_wrong_clock_of_the_service_makes_nothing_due(
    database: Database, ear: Ear, settings: Settings, monkeypatch: pytest.MonkeyPatch, wrong: timedelta
) -> None:
    """Neither a stage late, nor a reminder, nor the end of what waits for its dossier for 30 days."""
    await ear.hears(a_request_escalated(at=clock.now()), a_message(new_id()))
    set_clock(monkeypatch, wrong)
    told = await database.fetchval("SELECT count(*) FROM journal")
    await jobs.run_once(database, settings)
    assert await database.fetchval("SELECT count(*) FROM journal") == told
    assert await database.fetchval("SELECT count(*) FROM early_note") == 1


async def test_old_messages_wait_for_their_dossier_while_the_service_catches_up(
    database: Database, ear: Ear, settings: Settings
) -> None:
    """Restored from a backup, or new: what was said months ago arrives today, and its dossier a little later."""
    old = a_message(new_id()).model_copy(update={"at": clock.now() - timedelta(days=100)})
    await ear.hears(old)
    await jobs.run_once(database, settings)
    assert await database.fetchval("SELECT count(*) FROM early_note") == 1
    await database.fetch("UPDATE early_note SET arrived_at = now() - interval '31 days'")
    await jobs.run_once(database, settings)
    assert await database.fetchval("SELECT count(*) FROM early_note") == 0


async def test_a_late_milestone_is_told_once(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    await an_accompanied_dossier(national, secretary, received)
    await national.post(f"/escalations/{received}/milestones", {"title": "Étude", "due_on": "2027-02-01"}, status=201)
    at = clock.now().replace(year=2028)
    for _ in range(2):
        async with database.transaction() as tx:
            await due_dates.publish_overdue_milestones(tx, at=at)
    bodies = await database.fetch("SELECT body FROM journal WHERE type = 'escalation.stage_overdue.v1'")
    assert len(bodies) == 1
    assert "Étude" in bodies[0]["body"]


async def test_who_is_awaited_is_warned_once_before_the_last_day_and_the_dossier_stays_as_it_is(
    database: Database, national: Program, secretary: Program, ear: Ear, settings: Settings, received: str
) -> None:
    await an_accompanied_dossier(national, secretary, received)
    reached_by = clock.now() + timedelta(days=60)
    milestone = {"title": "Étude", "due_on": day(reached_by).isoformat()}
    await national.post(f"/escalations/{received}/milestones", milestone, status=201)
    other = a_request_escalated(number="95-2026-000124")
    await ear.hears(other)
    settled_by = datetime.fromisoformat(f"{(await national.get(f'/escalations/{other.request_id}'))['due_on']}T09:00Z")
    before = await database.fetch("SELECT request_id, changed_at FROM escalation ORDER BY 1")
    for last_day in (settled_by, reached_by):
        for at in (last_day - timedelta(days=10), last_day, last_day):
            async with database.transaction() as tx:
                await due_dates.remind_of_stages(tx, durations=settings.durations, at=at)
                await due_dates.remind_of_milestones(tx, durations=settings.durations, at=at)
    rows = await database.fetch("SELECT subject, body FROM journal WHERE type = 'escalation.stage_due_soon.v1'")
    assert sorted(row["subject"] for row in rows) == sorted([received, str(other.request_id)])
    assert "Étude" in next(row["body"] for row in rows if row["subject"] == received)
    assert await database.fetch("SELECT request_id, changed_at FROM escalation ORDER BY 1") == before


async def test_the_demonstration_opens_one_envelope_however_often_it_is_loaded(database: Database) -> None:
    for _ in range(2):
        async with database.transaction() as tx:
            await demonstration.load(tx, clock.now())
    assert await database.fetchval("SELECT count(*) FROM envelope") == 1
