"""Record an event of a request in the journal, and update the tables that pages and API read."""

from uuid import UUID

from services.intake.domain.life import meaning_of
from services.intake.domain.request import TrackedRequest
from services.intake.domain.timeline import step_of
from services.intake.store import colleagues, documents, evaluations, messages, requests
from shared.contracts import intake
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging import journal

SOURCE = "/intake"


async def record(tx: Transaction, tracked: TrackedRequest, fact: Fact) -> None:
    """Record a fact in the journal, and store what it changes."""
    await store(tx, tracked, fact, event_id=await journal.record(tx, fact))


async def store(tx: Transaction, tracked: TrackedRequest, fact: Fact, *, event_id: UUID) -> None:
    """Store what a fact of the applicant's side changes: the request, its timeline, and what the fact brings."""
    await requests.save(tx, tracked)
    meaning = meaning_of(fact)
    if meaning is not None and meaning.shown:
        await requests.add_step(tx, tracked.id, event_id, step_of(fact, meaning))
    match fact:
        case intake.MessagePosted():
            await messages.add_own(tx, fact, message_id=fact.message_id)
        case intake.InformationProvided():
            await messages.add_own(tx, fact, message_id=event_id)
        case intake.DocumentAdded():
            await documents.add(tx, fact)
        case intake.ColleagueInvited():
            await colleagues.add(tx, fact)
        case intake.ColleagueRemoved():
            await colleagues.remove(tx, fact.colleague_id, at=fact.at)
        case intake.EvaluationSubmitted(corrects=True):
            await evaluations.correct(tx, fact)
        case intake.EvaluationSubmitted():
            await evaluations.add(tx, fact, evaluation_id=event_id)
        case intake.EvaluationAwaited():
            await evaluations.note_awaited(tx, fact)
