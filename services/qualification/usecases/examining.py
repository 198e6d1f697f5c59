"""Use cases of the examination: assign the case, begin, ask the applicant to complete, qualify."""

import re
from datetime import date, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain import cost
from services.qualification.domain.case import Case
from services.qualification.domain.inputs import Mark, Text
from services.qualification.domain.moves import Action, State
from services.qualification.domain.rules import Rules
from services.qualification.store import exchanges
from services.qualification.usecases.context import Context, changes_case
from shared import texts
from shared.commands import LINES, Command, Nothing
from shared.contracts.fact import Email, Fact
from shared.contracts.qualification import Qualification
from shared.contracts.vocabulary import LocalOffer, Stage
from shared.db import Transaction
from shared.errors import Invalid, NotFound
from shared.identity import store as identity
from shared.identity.model import Agent, Role

NOBODY = "Aucun agent de ce département n’a cette adresse. Vérifiez-la, ou demandez à votre administrateur."


def _without_mark(item: str) -> str:
    return re.sub(r"^[-–—•*]\s+", "", item)


Item = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_without_mark)]
"""One thing that is asked for; who types a list gives each a dash, which every list already has."""


class Assign(Command):
    """Who takes the case. Who says when they saw it (`seen_at`) does not take it from somebody who took it since."""

    email: Email
    seen_at: AwareDatetime | None = None


class RequestInformation(Command):
    """What the applicant is asked to give; without `until`, in the usual delay."""

    items: Annotated[list[Item], LINES] = Bounds(min_length=1, max_length=30)
    until: date | None = None


class Qualify(Command):
    """The qualification grid; figures from 1 to 5. `fully_covered` None: as the rule says."""

    need: Mark
    capacity: Mark
    complexity: Mark
    urgency: Mark
    maturity: Mark
    local_offer: LocalOffer
    opinion: Text
    fully_covered: bool | None = None
    cost_motive: Text | None = None


@changes_case
async def assign(do: Context, case: Case, command: Assign) -> None:
    """Give the case to an agent of the same département."""
    case.require(Action.ASSIGNMENT, do.who)
    assignee = await _colleague(do.tx, command.email, case.departement)
    case.assign(do.who, assignee.email, assignee.name, do.at, seen_at=command.seen_at)


@changes_case
async def start_examination(do: Context, case: Case, _: Nothing) -> Fact:
    """Begin the examination, or go on with it without waiting for the applicant any longer."""
    case.require(Action.EXAMINATION, do.who)
    return case.start_examination(do.who, do.at, examination_due(case, do.at, do.rules))


@changes_case
async def request_information(do: Context, case: Case, command: RequestInformation) -> Fact:
    """Ask the applicant to complete the request; the département's clock is suspended until they do."""
    case.require(Action.INFORMATION_REQUEST, do.who)
    wanted = tuple(item.strip() for item in command.items if item.strip())
    if not wanted:
        raise Invalid.field("items", "Indiquez au moins une information attendue.")
    await texts.find_room(
        do.tx, do.rules.allowance, exchanges.WRITTEN, case.request_id, case.departement, text=" ".join(wanted), at=do.at
    )
    until = command.until or do.rules.answer_until(case.departement, do.at)
    return case.request_information(do.who, wanted, until, do.at)


@changes_case
async def qualify(do: Context, case: Case, command: Qualify) -> Fact:
    """Fill in the qualification grid, or fill it in anew."""
    case.require(Action.QUALIFICATION, do.who)
    covered, motive = cost.settle(case.request.applicant, command.fully_covered, command.cost_motive)
    settled = {"fully_covered": covered, "cost_motive": motive}
    return case.qualify(do.who, Qualification(**command.model_dump() | settled), do.at)


def examination_due(case: Case, at: datetime, rules: Rules) -> date:
    """Return the last day of an examination that begins now, or goes on after the applicant's time."""
    if case.state is State.AWAITING_INFORMATION and case.due_on and case.suspended_on:
        return rules.prolonged(case.due_on, case.suspended_on, case.departement, at)
    return rules.due(Stage.QUALIFY, case.departement, at)


async def _colleague(tx: Transaction, email: str, departement: str) -> Agent:
    try:
        found = await identity.agent_by_email(tx, email.strip().lower())
    except NotFound as unknown:
        raise Invalid.field("email", NOBODY) from unknown
    if not found.has(Role.SAT_AGENT, Role.DELEGATE) or not found.sees(departement):
        raise Invalid.field("email", NOBODY)
    return found
