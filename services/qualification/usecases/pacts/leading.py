"""Use cases of an agent on a pact: diagnosis, plan, agreements, signatures, progress, reviews, links."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from pydantic import Field as Bounds

from services.qualification.domain.inputs import LARGEST_AMOUNT, Comment, Line, Lines, Short
from services.qualification.domain.pact import Diagnosis, Pact
from services.qualification.domain.pact_plan import PlannedAction
from services.qualification.store import pacts
from services.qualification.usecases.context import Context
from services.qualification.usecases.pacts import recording
from services.qualification.usecases.pacts.context import changes_pact, load, record
from services.qualification.usecases.pacts.recording import ReportProgress
from shared.clock import new_id
from shared.commands import Amount, Command, Nothing
from shared.contracts.fact import A_MOMENT, Email, Fact
from shared.errors import Invalid


class Invite(Command):
    """A party, by id or by name, and where its link goes: to the address that is known unless given."""

    party: Short
    email: Email | None = None


class SpeakForParty(Command):
    """A party, by id or by name, and the day on which it agreed or signed: today unless given."""

    party: Short
    on: date | None = None


class PlanAction(Command):
    """An action of the plan."""

    title: Short
    owner: Short
    partners: Lines = Bounds(default_factory=list)
    budget_cents: Amount | None = Bounds(default=None, ge=0, le=LARGEST_AMOUNT)
    due_on: date
    indicator: Line | None = None


class HoldReview(Command):
    """What a yearly review concluded; held today unless given."""

    held_on: date | None = None
    summary: Comment


@changes_pact
async def share_diagnosis(do: Context, pact: Pact, diagnosis: Diagnosis) -> Sequence[Fact]:
    """Put a diagnosis on the table; a new version voids the agreements given to the one before."""
    actor, fact = pact.share_diagnosis(do.who, do.at)
    if not diagnosis.strengths and not diagnosis.weaknesses:
        raise Invalid.field("strengths", "Un diagnostic dit au moins un atout ou une faiblesse du territoire.")
    await pacts.add_diagnosis(do.tx, pact, diagnosis, by=actor, at=do.at)
    return [fact, *await recording.invite_others(do.tx, pact, by=actor, at=do.at + A_MOMENT)]


@changes_pact
async def invite(do: Context, pact: Pact, command: Invite) -> Sequence[Fact]:
    """Send a party the link by which it agrees, signs and reports progress; another address replaces it."""
    side, fact = pact.invite(do.who, command.party, command.email, do.at)
    await pacts.save_link(do.tx, side)
    return [fact]


@changes_pact
async def agree(do: Context, pact: Pact, command: SpeakForParty) -> Sequence[Fact]:
    """Record an agreement: a délégué's for the State, a SAT agent's for another party."""
    return await recording.agreement(do.tx, pact, do.who, command.party, command.on, do.at)


@changes_pact
async def sign(do: Context, pact: Pact, command: SpeakForParty) -> Sequence[Fact]:
    """Record a signature: a délégué's for the State, a SAT agent's for another party."""
    return await recording.signature(do.tx, pact, do.who, command.party, command.on, do.at)


@changes_pact
async def add_action(do: Context, pact: Pact, command: PlanAction) -> Sequence[Fact]:
    """Add an action to the plan, the last of `actions`."""
    action = PlannedAction(
        id=new_id(),
        title=command.title,
        owner=command.owner,
        due_on=command.due_on,
        partners=tuple(dict.fromkeys(command.partners)),
        budget_cents=command.budget_cents,
        indicator=command.indicator,
    )
    actor, fact = pact.add_action(do.who, action, do.at)
    await pacts.add_action(do.tx, pact.id, action, by=actor, at=do.at)
    return [fact]


async def remove_action(do: Context, pact_id: UUID, action_id: UUID, _: Nothing) -> None:
    """Take an action out of a plan that nobody signed yet."""
    do, pact = await load(do, pact_id)
    fact = pact.remove_action(do.who, action_id, do.at)
    await pacts.remove_action(do.tx, action_id)
    await record(do.tx, pact, [fact])


@changes_pact
async def report(do: Context, pact: Pact, command: ReportProgress) -> Sequence[Fact]:
    """Tell how far an action is."""
    return await recording.progress(do.tx, pact, do.who, command, do.at)


@changes_pact
async def review(do: Context, pact: Pact, command: HoldReview) -> Sequence[Fact]:
    """Note what the parties concluded at a yearly review; that it was held is published, the rest stays here."""
    actor, fact = pact.review(do.who, command.held_on, do.at)
    await pacts.add_review(do.tx, pact.id, fact.held_on, command.summary, by=actor, at=do.at)
    return [fact]
