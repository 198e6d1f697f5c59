"""The provider answers by its link, or lets its delay pass: then the département takes the request back."""

from datetime import datetime, timedelta
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.moves import State
from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.settings import Rules, today
from services.qualification.store import cases, orientations
from services.qualification.usecases import telling
from shared.contracts.fact import A_MOMENT
from shared.contracts.qualification import OrientationDeclined
from shared.contracts.vocabulary import Stage
from shared.db import Transaction
from shared.errors import NotFound


async def accept(tx: Transaction, orientation_id: UUID, *, at: datetime) -> Orientation:
    """The provider helps; from now on it sees whom to call. A second answer is refused (`AlreadyAnswered`)."""
    case, orientation, at = await _load(tx, orientation_id, at)
    fact = orientation.accept(at)
    await orientations.save(tx, orientation)
    case.provider_accepted()
    await telling.tell(tx, case, fact)
    return orientation


async def decline(tx: Transaction, orientation_id: UUID, *, motive: str, at: datetime, rules: Rules) -> Orientation:
    """The provider cannot help: the examination goes on. A second answer is refused (`AlreadyAnswered`)."""
    case, orientation, at = await _load(tx, orientation_id, at)
    await _take_back(tx, case, orientation, orientation.decline(telling.said(motive), at), rules)
    return orientation


async def give_up_silent(tx: Transaction, *, at: datetime, rules: Rules, limit: int = 50) -> int:
    """Take back what providers left unanswered past their delay; tell how many.

    Any number of copies may do this at once: the case is locked, then the orientation is looked at again.
    """
    done = 0
    for orientation_id in await orientations.silent_since(tx, at.date() + timedelta(days=1), limit):
        case, orientation, now = await _load(tx, orientation_id, at)
        if orientation.state is OrientationState.OPEN and orientation.until < today(case.departement, at):
            await _take_back(tx, case, orientation, orientation.give_up(now), rules)
            done += 1
    return done


async def _load(tx: Transaction, orientation_id: UUID, at: datetime) -> tuple[Case, Orientation, datetime]:
    """Lock the case, then the orientation: everybody locks in this order. Give the moment of what is done with them."""
    of = await orientations.case_of(tx, orientation_id)
    case = await cases.load_exactly(tx, *of) if of else None
    orientation = await orientations.load_for_update(tx, orientation_id) if case else None
    if case is None or orientation is None:
        raise NotFound
    return case, orientation, await telling.in_time(tx, case, at)


async def _take_back(
    tx: Transaction, case: Case, orientation: Orientation, fact: OrientationDeclined, rules: Rules
) -> None:
    await orientations.save(tx, orientation)
    if case.state is not State.ORIENTED_LOCALLY:
        await telling.tell(tx, case, fact)
        return
    reopened = case.reopen(fact.at + A_MOMENT, rules.due(Stage.QUALIFY, case.departement, fact.at))
    await telling.tell(tx, case, fact, reopened)
