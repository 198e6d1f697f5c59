"""The SAT agent examines: takes the case, asks the applicant to complete it, fills in the qualification grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain import cost
from services.qualification.domain.case import Case
from services.qualification.domain.moves import Action, State
from services.qualification.domain.rules import Rules
from services.qualification.store import cases, exchanges
from services.qualification.usecases import telling
from shared import texts
from shared.calendar import today
from shared.contracts.qualification import Qualification
from shared.contracts.vocabulary import LocalOffer, Stage
from shared.db import Transaction
from shared.errors import Invalid, NotFound
from shared.identity import store as identity
from shared.identity.model import Agent, Role

NOBODY = "Aucun agent de ce département n’a cette adresse. Vérifiez-la, ou demandez à votre administrateur."


@dataclass(frozen=True, slots=True)
class Grid:
    """The qualification grid as it was filled in; figures from 1 to 5. `fully_covered` None: as the rule says."""

    need: int
    capacity: int
    complexity: int
    urgency: int
    maturity: int
    local_offer: LocalOffer
    opinion: str
    fully_covered: bool | None = None
    cost_motive: str | None = None


async def assign(tx: Transaction, request_id: UUID, *, email: str, by: Agent) -> Case:
    """Give the case to an agent of the same département."""
    case, who = await telling.load(tx, request_id, by)
    case.require(Action.ASSIGNMENT, who)
    assignee = await _colleague(tx, email, case.departement)
    case.assign(who, assignee.email, assignee.name)
    await cases.save(tx, case)
    return case


async def start_examination(tx: Transaction, request_id: UUID, *, by: Agent, at: datetime, rules: Rules) -> Case:
    """Begin the examination, or go on with it without waiting for the applicant any longer."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    case.require(Action.EXAMINATION, who)
    await telling.tell(tx, case, case.start_examination(who, at, examination_due(case, at, rules)))
    return case


async def request_information(
    tx: Transaction,
    request_id: UUID,
    *,
    items: Sequence[str],
    until: date | None,
    by: Agent,
    at: datetime,
    rules: Rules,
) -> Case:
    """Ask the applicant to complete; the département's clock is suspended until he does."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    case.require(Action.INFORMATION_REQUEST, who)
    wanted = telling.spoken(items)
    if not wanted:
        raise Invalid.field("items", "Indiquez au moins une information attendue.")
    await texts.find_room(
        tx, rules.allowance, exchanges.WRITTEN, case.request_id, case.departement, text=" ".join(wanted), at=at
    )
    until = until or rules.answer_until(case.departement, at)
    await telling.tell(tx, case, case.request_information(who, wanted, until, at, today(case.departement, at)))
    return case


async def qualify(tx: Transaction, request_id: UUID, grid: Grid, *, by: Agent, at: datetime) -> Case:
    """Fill in the qualification grid, or fill it in anew."""
    case, who, at = await telling.begin(tx, request_id, by, at)
    case.require(Action.QUALIFICATION, who)
    covered, cost_motive = cost.settle(case.request.applicant, grid.fully_covered, grid.cost_motive)
    qualification = Qualification(
        need=grid.need,
        capacity=grid.capacity,
        complexity=grid.complexity,
        urgency=grid.urgency,
        maturity=grid.maturity,
        local_offer=grid.local_offer,
        opinion=telling.said(grid.opinion),
        fully_covered=covered,
        cost_motive=cost_motive,
    )
    await telling.tell(tx, case, case.qualify(who, qualification, at))
    return case


def examination_due(case: Case, at: datetime, rules: Rules) -> date:
    """Give the last day of an examination that begins now, or goes on after the applicant's time."""
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
