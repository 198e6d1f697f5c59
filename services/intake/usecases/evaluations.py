"""Ask for an evaluation, remind the applicant, record the answer, and close the request."""

from datetime import date, datetime
from uuid import UUID

from services.intake.domain.evaluation import Evaluation
from services.intake.domain.request import TrackedRequest
from services.intake.store import evaluations, requests
from services.intake.usecases.context import Context, changes_request
from services.intake.usecases.recording import SOURCE, record
from shared.commands import Command
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import EvaluationRound
from shared.db import Transaction
from shared.messaging import journal


class Evaluate(Evaluation, Command):
    """What came of it; figures from 1 (not at all) to 5 (entirely)."""


@changes_request
async def evaluate(do: Context, tracked: TrackedRequest, command: Evaluate) -> Fact:
    """Evaluate what came of the request, when the applicant is asked to."""
    return tracked.evaluate(command, asked=await evaluations.round_of(do.tx, tracked.id), at=do.at)


async def ask_again(tx: Transaction, *, asked_before: datetime, until: date, at: datetime, most: int = 100) -> int:
    """Ask once more what came of it, some months after it could first be said; return how many were asked."""
    due = await evaluations.to_ask_again(tx, asked_before=asked_before, most=most)
    for request_id in due:
        await _await_evaluation(tx, request_id, EvaluationRound.SIX_MONTHS, reminder=False, until=until, at=at)
    return len(due)


async def remind(tx: Transaction, *, days: int, until: date, at: datetime, most: int = 100) -> int:
    """Remind those who were asked so many days ago and have not answered; return how many were reminded."""
    due = await evaluations.to_remind(tx, days=days, at=at, most=most)
    for request_id, asked in due:
        await _await_evaluation(tx, request_id, asked, reminder=True, until=until, at=at)
    return len(due)


async def _await_evaluation(
    tx: Transaction, request_id: UUID, asked: EvaluationRound, *, reminder: bool, until: date, at: datetime
) -> None:
    tracked, at = await requests.load_for_update(tx, request_id), await journal.in_time(tx, SOURCE, request_id, at)
    await record(tx, tracked, tracked.await_evaluation(asked, reminder=reminder, until=until, at=at))


async def close_evaluated(tx: Transaction, *, evaluated_before: datetime, at: datetime, most: int = 100) -> int:
    """Close requests some time after their evaluation; return how many were closed."""
    due = await requests.evaluated_before(tx, evaluated_before, most=most)
    for tracked in due:
        await record(tx, tracked, tracked.close(at=await journal.in_time(tx, SOURCE, tracked.id, at)))
    return len(due)
