"""The provider answers by its link, or lets its delay pass: then the département takes the request back."""

from datetime import datetime, timedelta
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.moves import Action, State
from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.domain.people import OrientationLink
from services.qualification.domain.refusals import LinkOver
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, orientations
from services.qualification.usecases import telling
from shared.calendar import today
from shared.contracts.fact import A_MOMENT
from shared.contracts.qualification import OrientationDeclined
from shared.contracts.vocabulary import Stage
from shared.db import Transaction
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.messaging import journal


async def accept(tx: Transaction, link: OrientationLink, *, at: datetime, rules: Rules) -> Orientation:
    """The provider helps; from now on it sees whom to call. A second answer is refused (`AlreadyAnswered`)."""
    case, orientation, at = await _load_by_link(tx, link, at, rules)
    fact = orientation.accept(at)
    await orientations.save(tx, orientation)
    case.provider_accepted()
    await telling.tell(tx, case, fact)
    return orientation


async def decline(tx: Transaction, link: OrientationLink, *, motive: str, at: datetime, rules: Rules) -> Orientation:
    """The provider cannot help: the examination goes on. A second answer is refused (`AlreadyAnswered`)."""
    case, orientation, at = await _load_by_link(tx, link, at, rules)
    await _take_back(tx, case, orientation, orientation.decline(telling.said(motive), at), rules)
    return orientation


def check(orientation: Orientation, link: OrientationLink, *, at: datetime, rules: Rules) -> None:
    """Refuse (`LinkOver`) a link that was replaced or taken back, or is past its end."""
    departement = orientation.departement
    if not orientation.opens(link.generation, today=today(departement, at), days=rules.orientation_link_days):
        raise LinkOver(service=rules.asks(departement))


async def replace_link(tx: Transaction, request_id: UUID, *, email: str | None, by: Agent, at: datetime) -> Case:
    """Take the provider's link back; with an address a new one is sent there."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    case.require(Action.ORIENTATION_LINK, who)
    orientation = await orientations.load_current(tx, case.request_id, case.departement)
    if orientation is None:
        raise NotFound
    fact = case.replace_orientation_link(who, orientation, email, at)
    await orientations.save_link(tx, orientation)
    await telling.tell(tx, case, fact)
    return case


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


async def _load_by_link(
    tx: Transaction, link: OrientationLink, at: datetime, rules: Rules
) -> tuple[Case, Orientation, datetime]:
    case, orientation, now = await _load(tx, link.orientation_id, at)
    check(orientation, link, at=at, rules=rules)
    return case, orientation, now


async def _load(tx: Transaction, orientation_id: UUID, at: datetime) -> tuple[Case, Orientation, datetime]:
    """Lock the case, then the orientation: everybody locks in this order. Give the moment of what is done with them."""
    of = await orientations.case_of(tx, orientation_id)
    case = await cases.load_exactly(tx, *of) if of else None
    orientation = await orientations.load_for_update(tx, orientation_id) if case else None
    if case is None or orientation is None:
        raise NotFound
    return case, orientation, await journal.in_time(tx, case.source, case.request_id, at)


async def _take_back(
    tx: Transaction, case: Case, orientation: Orientation, fact: OrientationDeclined, rules: Rules
) -> None:
    await orientations.save(tx, orientation)
    if case.state is not State.ORIENTED_LOCALLY:
        await telling.tell(tx, case, fact)
        return
    reopened = case.reopen(fact.at + A_MOMENT, rules.due(Stage.QUALIFY, case.departement, fact.at))
    await telling.tell(tx, case, fact, reopened)
