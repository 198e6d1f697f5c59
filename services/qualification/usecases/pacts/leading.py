"""Use cases of an agent on a pact: diagnosis, plan, agreements, signatures, progress, reviews, links."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import AwareDatetime
from pydantic import Field as Bounds

from services.qualification.domain.inputs import LARGEST_AMOUNT, Comment, Line, Lines, Short
from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_diagnosis import Diagnosis
from services.qualification.domain.pact_parties import named
from services.qualification.domain.pact_plan import InCharge, PlannedAction, Share
from services.qualification.store import pacts
from services.qualification.usecases.context import Context
from services.qualification.usecases.pacts import recording
from services.qualification.usecases.pacts.context import changes_pact, changes_part_of_pact
from services.qualification.usecases.pacts.recording import ReportProgress, Signing
from shared.clock import new_id
from shared.commands import Amount, Command, Nothing
from shared.contracts.fact import A_MOMENT, Email, Fact
from shared.errors import FieldError, Invalid

MOST_SHARES: Final = 20


class Invite(Command):
    """A party, by id or by name, and where its link goes: to the address that is known unless given."""

    party: Short
    email: Email | None = None


class SpeakForParty(Command):
    """A party, by id or by name, and the day on which it agreed or signed: today unless given."""

    party: Short
    on: date | None = None


class AgreeForParty(SpeakForParty):
    """A party that agreed; `version` is that of the diagnosis which was read, for a page that may be old."""

    version: int | None = None


class SignForParty(SpeakForParty, Signing):
    """A party that signed, and who signed for it; `name` is theirs."""

    name: Short | None = None


class FillInSignature(SignForParty):
    """The form of a signature, in which whoever signed is named, with function and authority."""

    name: Short
    function: Short
    authority: Short


class ShareOfCost(Command):
    """What one payer pays of an action, in euro cents: a party, by id or by name, or else another payer."""

    party: Short | None = None
    other: Short | None = None
    amount_cents: Amount = Bounds(gt=0, le=LARGEST_AMOUNT)


class PlanAction(Command):
    """An action of the plan; its owner and its partners are parties, by id or by name."""

    title: Short
    owner: Short
    partners: Lines = Bounds(default_factory=list)
    budget_cents: Amount | None = Bounds(default=None, ge=0, le=LARGEST_AMOUNT)
    shares: list[ShareOfCost] = Bounds(default_factory=list, max_length=MOST_SHARES)
    due_on: date
    indicator: Line | None = None


class EditAction(PlanAction):
    """What an action becomes; `changed_at` is when the one that was read had last been edited."""

    changed_at: AwareDatetime | None = None


class ShareDiagnosis(Diagnosis):
    """A diagnosis; `version` is the one that its author had before their eyes."""

    version: int | None = None


class HoldReview(Command):
    """What a yearly review concluded; held today unless given."""

    held_on: date | None = None
    summary: Comment


@changes_pact
async def share_diagnosis(do: Context, pact: Pact, command: ShareDiagnosis) -> Sequence[Fact]:
    """Put a diagnosis on the table; a new version voids the agreements given to the one before."""
    actor, fact = pact.share_diagnosis(do.who, do.at, seen=command.version)
    diagnosis = Diagnosis(**command.model_dump(exclude={"version"}))
    if not diagnosis.strengths and not diagnosis.weaknesses:
        raise Invalid.field("strengths", "Un diagnostic dit au moins un atout ou une faiblesse du territoire.")
    await pacts.add_diagnosis(do.tx, pact, diagnosis, by=actor, at=do.at)
    return [fact, *pact.invite_others(actor, do.at + A_MOMENT)]


@changes_pact
async def invite(do: Context, pact: Pact, command: Invite) -> Sequence[Fact]:
    """Send a party the link by which it agrees, signs and reports progress; another address replaces it."""
    _, fact = pact.invite(do.who, command.party, command.email, do.at)
    return [fact]


@changes_pact
async def agree(do: Context, pact: Pact, command: AgreeForParty) -> Sequence[Fact]:
    """Record an agreement: a délégué's for the State, a SAT agent's for another party."""
    return await recording.agreement(do.tx, pact, do.who, command.party, command.on, do.at, seen=command.version)


@changes_pact
async def sign(do: Context, pact: Pact, command: SignForParty) -> Sequence[Fact]:
    """Record a signature: a délégué's for the State, a SAT agent's for another party."""
    return await recording.signature(
        do.tx,
        pact,
        do.who,
        command.party,
        command.on,
        do.at,
        signing=command,
        name=command.name,
        paper=do.paper,
    )


@changes_pact
async def add_action(do: Context, pact: Pact, command: PlanAction) -> Sequence[Fact]:
    """Add an action to the plan, the last of `actions`."""
    action = _planned(pact, command, new_id(), do.at)
    actor, fact = pact.add_action(do.who, action, do.at)
    await pacts.save_action(do.tx, pact.id, action, by=actor, at=do.at)
    return [fact]


@changes_part_of_pact
async def edit_action(do: Context, pact: Pact, action_id: UUID, command: EditAction) -> Sequence[Fact]:
    """Edit an action of a plan that is not ready yet; progress that was reported stays."""
    action, actor, fact = pact.change_action(
        do.who, _planned(pact, command, action_id, do.at), command.changed_at, do.at
    )
    await pacts.save_action(do.tx, pact.id, action, by=actor, at=do.at)
    return [fact]


@changes_part_of_pact
async def remove_action(do: Context, pact: Pact, action_id: UUID, _: Nothing) -> Sequence[Fact]:
    """Take an action out of a plan that is not ready yet."""
    fact = pact.remove_action(do.who, action_id, do.at)
    await pacts.remove_action(do.tx, pact, action_id)
    return [fact]


@changes_pact
async def report(do: Context, pact: Pact, command: ReportProgress) -> Sequence[Fact]:
    """Report how far an action is."""
    return await recording.progress(do.tx, pact, do.who, command, do.at)


@changes_pact
async def review(do: Context, pact: Pact, command: HoldReview) -> Sequence[Fact]:
    """Note what the parties concluded at a yearly review; that it was held is published, the rest stays here."""
    actor, fact = pact.review(do.who, command.held_on, do.at)
    await pacts.add_review(do.tx, pact.id, fact.held_on, command.summary, by=actor, at=do.at)
    return [fact]


def _planned(pact: Pact, command: PlanAction, action_id: UUID, at: datetime) -> PlannedAction:
    """Return the action that is meant; refuses (`Invalid`) owners, partners and payers that are no parties."""
    errors: list[FieldError] = []

    def party(reference: str, field: str) -> InCharge:
        found = named(pact.present, reference)
        if found is None:
            known = ", ".join(each.name for each in pact.present)
            errors.append(
                FieldError(field, f"«\u00a0{reference}\u00a0» n’est pas une partie. Choisissez parmi\u00a0: {known}.")
            )
            return InCharge(None, reference)
        return InCharge(found.id, found.name)

    def share(place: int, given: ShareOfCost) -> Share:
        if (given.party is None) == (given.other is None):
            errors.append(FieldError(f"shares.{place}.party", "Choisissez une partie, ou nommez un autre financeur."))
        payer = party(given.party, f"shares.{place}.party") if given.party else InCharge(None, given.other or "")
        return Share(payer, given.amount_cents)

    owner = party(command.owner, "owner")
    partners = [party(each, "partners") for each in command.partners]
    action = PlannedAction(
        id=action_id,
        title=command.title,
        owner=owner,
        due_on=command.due_on,
        partners=tuple(dict.fromkeys(each for each in partners if each != owner)),
        budget_cents=command.budget_cents,
        shares=tuple(share(place, given) for place, given in enumerate(command.shares)),
        indicator=command.indicator,
        changed_at=at,
    )
    if errors:
        raise Invalid(errors)
    return action
