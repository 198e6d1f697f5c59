"""Transactions that overlap: none decides on what another one is about to change."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.escalation.domain.committee import Verdict
from services.escalation.domain.moves import State
from services.escalation.domain.refusals import BeyondGrant, SessionClosed
from services.escalation.settings import Settings
from services.escalation.usecases import attendance, committee, consumed, directory, dossier, means
from services.escalation.usecases.context import Context
from shared import clock
from shared.clock import new_id
from shared.commands import Nothing
from shared.contracts import intake, qualification
from shared.contracts.vocabulary import CommitteeOutcome, MobilisationKind
from shared.db import Database, Transaction
from shared.identity.model import Agent
from shared.messaging.inbox import streams
from tests.escalation.life import SAT, Ear, Program, a_decided_dossier, a_request_escalated
from tests.overlapping import second_beside
from tests.today import today


async def a_session(secretary: Program) -> UUID:
    """A session of two members is planned, with nothing on its agenda."""
    planned = {"held_on": today(), "title": "Comité de décembre", "members": ["Mme A", "M. B"]}
    session = await secretary.post("/sessions", planned, status=201)
    return UUID(session["id"])


async def test_attendance_noted_while_a_session_is_closed_does_not_open_it_again(
    database: Database, secretary: Program, secretary_agent: Agent
) -> None:
    session = await a_session(secretary)

    async def close(tx: Transaction) -> None:
        await committee.close_session(Context(tx, secretary_agent, clock.now()), session, Nothing())

    async def attend() -> None:
        async with database.transaction() as tx:
            do = Context(tx, secretary_agent, clock.now())
            await attendance.note_attendance(do, session, attendance.NoteAttendance(present=["Mme A"]))

    with pytest.raises(SessionClosed):
        await second_beside(database, close, attend)
    assert (await secretary.get(f"/sessions/{session}"))["state"] == "closed"


async def test_a_dossier_cannot_come_on_the_agenda_of_a_session_that_is_being_closed(
    database: Database,
    national: Program,
    national_agent: Agent,
    secretary: Program,
    secretary_agent: Agent,
    received: str,
) -> None:
    await national.post(f"/escalations/{received}/admissibility", {"opinion": "Recevable."})
    session = await a_session(secretary)

    async def close(tx: Transaction) -> None:
        await committee.close_session(Context(tx, secretary_agent, clock.now()), session, Nothing())

    async def schedule() -> None:
        async with database.transaction() as tx:
            do = Context(tx, national_agent, clock.now())
            await dossier.schedule(do, UUID(received), dossier.Schedule(session_id=session))

    with pytest.raises(SessionClosed):
        await second_beside(database, close, schedule)
    assert (await national.get(f"/escalations/{received}"))["state"] == "admissible"


async def test_what_an_agent_does_while_the_departements_answer_is_applied_is_not_lost(
    database: Database, ear: Ear, national: Program, national_agent: Agent, received: str
) -> None:
    await national.post(f"/escalations/{received}/information-request", {"question": "Le foncier ?"})
    answer = qualification.NationalQuestionAnswered(
        request_id=UUID(received), departement="95", at=clock.now() + timedelta(seconds=1), text="Oui.", by=SAT
    )

    async def settle(tx: Transaction) -> None:
        do = Context(tx, national_agent, clock.now())
        await dossier.settle_admissibility(do, UUID(received), dossier.SettleAdmissibility(opinion="Recevable."))

    await second_beside(database, settle, lambda: ear.hears(answer))
    assert (await national.get(f"/escalations/{received}"))["state"] == State.ADMISSIBLE


@pytest.mark.parametrize("first", ["dossier", "message"])
async def test_a_message_that_meets_its_dossier_on_the_way_comes_into_it(
    database: Database, ear: Ear, national: Program, settings: Settings, first: str
) -> None:
    escalated = a_request_escalated()
    posted = intake.MessagePosted(
        request_id=escalated.request_id, departement="95", at=clock.now(), message_id=new_id(), text="Le maire est élu."
    )

    async def receive(tx: Transaction) -> None:
        await streams.lock(tx, [(str(escalated.request_id), escalated.source)])
        await consumed.receive_escalation_on_request_escalated(tx, escalated, durations=settings.durations)

    async def note(tx: Transaction) -> None:
        await streams.lock(tx, [(str(posted.request_id), posted.source)])
        await consumed.note_on_applicant_message(tx, posted)

    begun, follows = (receive, posted) if first == "dossier" else (note, escalated)
    await second_beside(database, begun, lambda: ear.hears(follows))
    shown = await national.get(f"/escalations/{escalated.request_id}")
    assert [message["text"] for message in shown["messages"]].count(posted.text) == 1


@pytest.mark.usefixtures("envelope")
async def test_an_envelope_that_is_resized_while_money_comes_back_forgets_neither(
    database: Database,
    national: Program,
    national_agent: Agent,
    secretary: Program,
    secretary_agent: Agent,
    received: str,
) -> None:
    await a_decided_dossier(national, secretary, received)
    async with database.transaction() as tx:
        mobilised = await means.mobilise(
            Context(tx, national_agent, clock.now()),
            UUID(received),
            means.Mobilise(kind=MobilisationKind.EXTERNAL, resource="Marché", amount_cents=50_000),
        )
    envelope = await database.fetchval("SELECT envelope_id FROM mobilisation")

    async def decline(tx: Transaction) -> None:
        do = Context(tx, national_agent, clock.now())
        await means.decline_mobilisation(do, UUID(received), mobilised, Nothing())

    async def resize() -> None:
        async with database.transaction() as tx:
            do = Context(tx, secretary_agent, clock.now())
            await directory.resize_envelope(do, envelope, directory.ResizeEnvelope(amount_cents=9_000_000))

    await second_beside(database, decline, resize)
    row = await database.fetchrow("SELECT amount_cents, committed_cents FROM envelope WHERE id = $1", envelope)
    assert row is not None
    assert tuple(row) == (9_000_000, 0)


@pytest.mark.usefixtures("envelope")
@pytest.mark.parametrize("corrected_to", [200_000, 90_000])
async def test_a_mobilisation_beside_a_correction_counts_on_what_was_granted_in_the_end(
    database: Database,
    national: Program,
    national_agent: Agent,
    secretary: Program,
    secretary_agent: Agent,
    received: str,
    corrected_to: int,
) -> None:
    await a_decided_dossier(national, secretary, received, amount_cents=150_000)
    decision = await database.fetchval("SELECT id FROM decision")

    async def correct(tx: Transaction) -> None:
        verdict = Verdict(outcome=CommitteeOutcome.GRANTED, motive="Vu.", amount_cents=corrected_to)
        await committee.correct(Context(tx, secretary_agent, clock.now()), decision, verdict)

    async def mobilise() -> bool:
        command = means.Mobilise(kind=MobilisationKind.EXTERNAL, resource="Marché", amount_cents=100_000)
        try:
            async with database.transaction() as tx:
                await means.mobilise(Context(tx, national_agent, clock.now()), UUID(received), command)
        except BeyondGrant:
            return False
        return True

    assert await second_beside(database, correct, mobilise) == (corrected_to >= 100_000)
