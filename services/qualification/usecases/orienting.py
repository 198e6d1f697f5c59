"""Use cases of orientations: a provider answers by its link, or its delay passes; the link is replaced."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.inputs import Text
from services.qualification.domain.moves import Action, State
from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.domain.people import OrientationLink
from services.qualification.domain.refusals import LinkOver
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, orientations
from services.qualification.usecases import recording
from services.qualification.usecases.context import Context, changes_case
from shared.calendar import today
from shared.commands import Command, Nothing
from shared.contracts.fact import A_MOMENT, Email, Fact
from shared.contracts.qualification import OrientationDeclined
from shared.contracts.vocabulary import Stage
from shared.db import Transaction
from shared.errors import NotFound
from shared.messaging import journal


class ReplaceLink(Command):
    """Where the provider's new link is sent; without an address the link is only taken back."""

    email: Email | None = None


class SendLink(ReplaceLink):
    """Where the provider's new link is sent."""

    email: Email


class Decline(Command):
    """Why the provider cannot help."""

    motive: Text


@dataclass(frozen=True, slots=True)
class ProviderContext:
    """What is given to a use case of a provider: the transaction, the link that they hold, the time and the rules."""

    tx: Transaction
    link: OrientationLink
    at: datetime
    rules: Rules


async def accept(do: ProviderContext, _: Nothing) -> None:
    """The provider helps; from now on it sees whom to call. A second answer is refused (`AlreadyAnswered`)."""
    case, orientation, at = await load_by_link(do)
    fact = orientation.accept(at, start_until=do.rules.start_until(case.departement, at))
    await orientations.save(do.tx, orientation)
    await recording.record(do.tx, case, case.apply(fact))


async def decline(do: ProviderContext, command: Decline) -> None:
    """The provider cannot help: the examination goes on. A second answer is refused (`AlreadyAnswered`)."""
    case, orientation, at = await load_by_link(do)
    await _take_back(do.tx, case, orientation, orientation.decline(command.motive, at), do.rules)


def check(orientation: Orientation, link: OrientationLink, *, at: datetime, rules: Rules) -> None:
    """Refuse (`LinkOver`) a link that was replaced or taken back, or is past its end."""
    departement = orientation.departement
    if not orientation.opens(link.generation, today=today(departement, at), days=rules.orientation_link_days):
        raise LinkOver(service=rules.asks(departement))


@changes_case
async def replace_link(do: Context, case: Case, command: ReplaceLink) -> Fact:
    """Take the provider's link back; with an address a new one is sent there."""
    case.require(Action.ORIENTATION_LINK, do.who)
    orientation = await orientations.load_current(do.tx, case.request_id, case.departement)
    if orientation is None:
        raise NotFound
    fact = case.replace_orientation_link(do.who, orientation, command.email, do.at)
    await orientations.save_link(do.tx, orientation)
    return fact


async def give_up_silent(tx: Transaction, *, at: datetime, rules: Rules, limit: int = 50) -> int:
    """Take back what providers left unanswered past their delay; return how many.

    Any number of copies may do this at once: the case is locked, then the orientation is looked at again.
    """
    done = 0
    for orientation_id in await orientations.silent_since(tx, at.date() + timedelta(days=1), limit):
        case, orientation, now = await _load(tx, orientation_id, at)
        if orientation.state is OrientationState.OPEN and orientation.until < today(case.departement, at):
            await _take_back(tx, case, orientation, orientation.give_up(now), rules)
            done += 1
    return done


async def load_by_link(do: ProviderContext) -> tuple[Case, Orientation, datetime]:
    """Lock what a link leads to; refuses (`LinkOver`) one that is no longer valid."""
    case, orientation, now = await _load(do.tx, do.link.orientation_id, do.at)
    check(orientation, do.link, at=do.at, rules=do.rules)
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
        await recording.record(tx, case, fact)
        return
    reopened = case.reopen(fact.at + A_MOMENT, rules.due(Stage.QUALIFY, case.departement, fact.at))
    await recording.record(tx, case, fact, reopened)
