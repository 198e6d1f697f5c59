"""Use cases of a programme's team: write its sheet, import its territories, answer requests directed to it."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace as but
from datetime import date, timedelta
from functools import wraps
from typing import Final, TypeVar
from uuid import UUID

from services.escalation.domain.coverage import Covered, Key, bring_in, changed_departements
from services.escalation.domain.inputs import Line, Text
from services.escalation.domain.programmes import ProgrammeRequest, acting_for_programme
from services.escalation.store import dossier as dossier_store
from services.escalation.store import programmes as store
from services.escalation.usecases.context import Context
from services.escalation.usecases.recording import SOURCE, note
from shared import coverage
from shared.commands import Command
from shared.contracts.escalation import ProgrammeCoverageSet, coverage_id
from shared.contracts.fact import Actor, Email, Fact
from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.db import Transaction
from shared.errors import Invalid, NotFound
from shared.messaging import journal
from shared.tables import Line as TableLine
from shared.tables import Reported

ENDS_BEFORE: Final = "La fin précède le début."
C = TypeVar("C", bound=Command)


class WriteSheet(Command):
    """What a programme brings, its period and its team; what is not given is removed from the sheet."""

    purpose: Text | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    email: Email | None = None
    phone: Line | None = None


class TakeUp(Command):
    """Whom the département and the collectivité turn to."""

    interlocutor: Line


class Decline(Command):
    """Why the programme is not the answer."""

    motive: Text


class CompleteSupport(Command):
    """What the programme brought."""

    report: Text


async def write_sheet(do: Context, programme: str, command: WriteSheet) -> None:
    """Write a programme's sheet anew."""
    named = do.programme(programme)
    acting_for_programme(do.by)
    if command.starts_on and command.ends_on and command.ends_on < command.starts_on:
        raise Invalid.field("ends_on", ENDS_BEFORE)
    await store.lock_programme(do.tx, named, do.perimeter)
    await store.describe_programme(do.tx, named, **dict(command), at=do.at)


async def bring_in_territories(
    do: Context, programme: Programme, lines: Iterable[TableLine[Covered]], *, replace: bool
) -> list[Reported]:
    """Bring a list of territories in, and publish each département's part that changed; returns the report."""
    actor = acting_for_programme(do.by)
    await store.lock_programme(do.tx, programme, do.perimeter)
    before = await store.coverage_of(do.tx, programme)
    after, report = bring_in(before, lines, replace=replace)
    await _set(do, programme, before, after, by=actor)
    return report


async def take_out_territory(do: Context, programme: str, kind: ApplicantKind, code: str) -> None:
    """Take a territory out of a programme's coverage."""
    named = do.programme(programme)
    actor = acting_for_programme(do.by)
    await store.lock_programme(do.tx, named, do.perimeter)
    before = await store.coverage_of(do.tx, named)
    if (kind, code) not in before:
        raise NotFound
    after = {key: covered for key, covered in before.items() if key != (kind, code)}
    await _set(do, named, before, after, by=actor)


async def _set(
    do: Context, programme: Programme, before: dict[Key, Covered], after: dict[Key, Covered], *, by: Actor
) -> None:
    for departement, territories in sorted(changed_departements(before, after).items()):
        stream = coverage_id(programme, departement)
        fact = ProgrammeCoverageSet(
            request_id=stream,
            departement=departement,
            at=await journal.in_time(do.tx, SOURCE, stream, do.at),
            programme=programme,
            territories=territories,
            by=by,
        )
        await coverage.store(do.tx, fact)
        await journal.record(do.tx, fact)


def answers_request(
    change: Callable[[Context, ProgrammeRequest, C], Awaitable[tuple[Fact, ...]]],
) -> Callable[[Context, str, UUID, C], Awaitable[None]]:
    """Make a use case of what a team does with a request: load and lock it, change it, save it, record the facts."""

    @wraps(change)
    async def run(do: Context, programme: str, request_id: UUID, command: C) -> None:
        named = do.programme(programme)
        await dossier_store.hold(do.tx, request_id)
        request = await store.load_request_for_update(do.tx, request_id, named, do.perimeter)
        do = but(do, at=await journal.in_time(do.tx, SOURCE, request_id, do.at))
        facts = await change(do, request, command)
        await store.save_request(do.tx, request, at=do.at)
        for fact in facts:
            await journal.record(do.tx, fact)
            await note_if_escalated(do.tx, fact)

    return run


@answers_request
async def take_up(do: Context, request: ProgrammeRequest, command: TakeUp) -> tuple[Fact, ...]:
    """Take a request up, and name whom to turn to."""
    return (request.take_up(interlocutor=command.interlocutor, by=do.by, at=do.at),)


@answers_request
async def decline(do: Context, request: ProgrammeRequest, command: Decline) -> tuple[Fact, ...]:
    """Decline a request: it goes back to the département."""
    return (request.decline(motive=command.motive, by=do.by, at=do.at),)


@answers_request
async def complete(do: Context, request: ProgrammeRequest, command: CompleteSupport) -> tuple[Fact, ...]:
    """Declare that the programme has done its part; the applicant is asked to evaluate it."""
    until = do.today + timedelta(days=do.durations.evaluation_calendar_days)
    return request.complete(report=command.report, evaluation_until=until, by=do.by, at=do.at)


async def note_if_escalated(tx: Transaction, fact: Fact) -> None:
    """Enter a fact in the dossier's timeline too, if the request was once escalated."""
    if await dossier_store.find_for_update(tx, fact.request_id) is not None:
        await note(tx, fact)
