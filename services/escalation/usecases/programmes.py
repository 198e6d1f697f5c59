"""What a programme's team does: it keeps its sheet and its territories, and answers the requests directed to it."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from services.escalation.domain.coverage import Covered, Key, bring_in, changed_departements
from services.escalation.domain.durations import Durations
from services.escalation.domain.programmes import ProgrammeRequest, acting_for_programme
from services.escalation.store import dossier as dossier_store
from services.escalation.store import programmes as store
from services.escalation.usecases import acting
from services.escalation.usecases.recording import SOURCE, day, note
from shared import coverage
from shared.contracts.escalation import ProgrammeCoverageSet, coverage_id
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.db import Transaction
from shared.errors import Invalid, NotFound
from shared.identity.model import Agent
from shared.messaging import journal
from shared.tables import Line, Reported

ENDS_BEFORE: Final = "La fin précède le début."


async def describe(
    tx: Transaction,
    programme: Programme,
    *,
    purpose: str | None,
    starts_on: date | None,
    ends_on: date | None,
    email: str | None,
    phone: str | None,
    agent: Agent,
    at: datetime,
) -> None:
    """The sheet of a programme is written anew."""
    acting_for_programme(acting.by(agent))
    if starts_on and ends_on and ends_on < starts_on:
        raise Invalid.field("ends_on", ENDS_BEFORE)
    await store.lock_programme(tx, programme, acting.perimeter(agent))
    await store.describe_programme(
        tx, programme, purpose=purpose, starts_on=starts_on, ends_on=ends_on, email=email, phone=phone, at=at
    )


async def bring_in_territories(
    tx: Transaction, programme: Programme, lines: Iterable[Line[Covered]], *, replace: bool, agent: Agent, at: datetime
) -> list[Reported]:
    """A list of territories is brought in, and each département whose part changed is told; gives the report."""
    actor = acting_for_programme(acting.by(agent))
    await store.lock_programme(tx, programme, acting.perimeter(agent))
    before = await store.coverage_of(tx, programme)
    after, report = bring_in(before, lines, replace=replace)
    await _set(tx, programme, before, after, by=actor, at=at)
    return report


async def take_out_territory(
    tx: Transaction, programme: Programme, kind: ApplicantKind, code: str, *, agent: Agent, at: datetime
) -> None:
    """A programme covers a territory no longer."""
    actor = acting_for_programme(acting.by(agent))
    await store.lock_programme(tx, programme, acting.perimeter(agent))
    before = await store.coverage_of(tx, programme)
    if (kind, code) not in before:
        raise NotFound
    after = {key: covered for key, covered in before.items() if key != (kind, code)}
    await _set(tx, programme, before, after, by=actor, at=at)


async def _set(
    tx: Transaction,
    programme: Programme,
    before: dict[Key, Covered],
    after: dict[Key, Covered],
    *,
    by: Actor,
    at: datetime,
) -> None:
    for departement, territories in sorted(changed_departements(before, after).items()):
        stream = coverage_id(programme, departement)
        fact = ProgrammeCoverageSet(
            request_id=stream,
            departement=departement,
            at=await journal.in_time(tx, SOURCE, stream, at),
            programme=programme,
            territories=territories,
            by=by,
        )
        await coverage.store(tx, fact)
        await journal.record(tx, fact)


async def take_up(
    tx: Transaction, programme: Programme, request_id: UUID, *, interlocutor: str, agent: Agent, at: datetime
) -> None:
    """The team takes a request up."""
    request, at = await _load(tx, programme, request_id, agent, at)
    fact = request.take_up(interlocutor=interlocutor, by=acting.by(agent), at=at)
    await store.save_request(tx, request, at=at)
    await _tell(tx, fact)


async def decline(
    tx: Transaction, programme: Programme, request_id: UUID, *, motive: str, agent: Agent, at: datetime
) -> None:
    """The team declines a request, which goes back to the département."""
    request, at = await _load(tx, programme, request_id, agent, at)
    fact = request.decline(motive=motive, by=acting.by(agent), at=at)
    await store.save_request(tx, request, at=at)
    await _tell(tx, fact)


async def complete(
    tx: Transaction,
    programme: Programme,
    request_id: UUID,
    *,
    report: str,
    agent: Agent,
    durations: Durations,
    at: datetime,
) -> None:
    """The programme has done its part, and the applicant is asked what came of it."""
    request, at = await _load(tx, programme, request_id, agent, at)
    until = day(at) + timedelta(days=durations.evaluation_calendar_days)
    done, asked = request.complete(report=report, evaluation_until=until, by=acting.by(agent), at=at)
    await store.save_request(tx, request, at=at)
    await _tell(tx, done)
    await _tell(tx, asked)


async def _load(
    tx: Transaction, programme: Programme, request_id: UUID, agent: Agent, at: datetime
) -> tuple[ProgrammeRequest, datetime]:
    await dossier_store.hold(tx, request_id)
    request = await store.load_request_for_update(tx, request_id, programme, acting.perimeter(agent))
    return request, await journal.in_time(tx, SOURCE, request_id, at)


async def _tell(tx: Transaction, fact: Fact) -> None:
    await journal.record(tx, fact)
    await note_if_escalated(tx, fact)


async def note_if_escalated(tx: Transaction, fact: Fact) -> None:
    """Show it on the dossier too, if the request once came before the national team."""
    if await dossier_store.find_for_update(tx, fact.request_id) is not None:
        await note(tx, fact)
