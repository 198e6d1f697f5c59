"""The forms of a dossier: one table of moves, one route for all of them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from litestar import post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.durations import Durations
from services.escalation.domain.inputs import Line, Percent, Text
from services.escalation.domain.moves import Action
from services.escalation.usecases import accompaniment, committee, means
from services.escalation.web.actions import DOSSIER, ON_DOSSIERS
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages.dossiers import dossier_page
from services.escalation.web.pages.showing import Asked
from shared import clock
from shared.allowance import Allowance
from shared.commands import Amount
from shared.contracts.vocabulary import MobilisationKind
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.territory import Territories
from shared.web.actions import page_routes
from shared.web.forms import read_form, submit


class MobilisationForm(BaseModel):
    """A resource for the project; the amount in euros, as people type it."""

    kind: MobilisationKind
    operator_id: UUID | None = None
    resource: Line | None = None
    amount: Amount = Field(default=0, ge=0)
    purchase_order: Line | None = None


class AccompanimentForm(BaseModel):
    """When the work lasts."""

    starts_on: date
    ends_on: date


class MilestoneForm(BaseModel):
    """A milestone."""

    title: Line
    due_on: date
    deliverable: Line | None = None


class ProgressForm(BaseModel):
    """How far the work is, of a milestone or of all of it."""

    progress: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


class CompletionForm(BaseModel):
    """What the work has led to."""

    report: Text


class LiftingForm(BaseModel):
    """Why a reserve is lifted, and since when."""

    lifting_motive: Text
    lifted_on: date | None = None


class StepForm(BaseModel):
    """A button without fields."""


@dataclass(frozen=True, slots=True)
class Doing:
    """What every move needs to know."""

    request_id: UUID
    agent: Agent
    durations: Durations
    allowance: Allowance
    at: datetime


async def _mobilisation(tx: Transaction, form: MobilisationForm, do: Doing) -> None:
    await means.mobilise(
        tx,
        do.request_id,
        kind=form.kind,
        resource=form.resource,
        amount_cents=form.amount,
        lot=None,
        purchase_order=form.purchase_order,
        operator_id=form.operator_id,
        agent=do.agent,
        at=do.at,
    )


async def _accompaniment(tx: Transaction, form: AccompanimentForm, do: Doing) -> None:
    await accompaniment.start_accompaniment(
        tx, do.request_id, starts_on=form.starts_on, ends_on=form.ends_on, agent=do.agent, at=do.at
    )


async def _milestone(tx: Transaction, form: MilestoneForm, do: Doing) -> None:
    await accompaniment.plan_milestone(
        tx,
        do.request_id,
        title=form.title,
        due_on=form.due_on,
        deliverable=form.deliverable,
        agent=do.agent,
        at=do.at,
    )


async def _progress(tx: Transaction, form: ProgressForm, do: Doing) -> None:
    await accompaniment.report_progress(
        tx,
        do.request_id,
        milestone_id=form.milestone_id,
        percent=form.percent,
        text=form.progress,
        agent=do.agent,
        at=do.at,
        allowance=do.allowance,
    )


async def _completion(tx: Transaction, form: CompletionForm, do: Doing) -> None:
    await accompaniment.complete(
        tx, do.request_id, report=form.report, agent=do.agent, durations=do.durations, at=do.at
    )


@dataclass(frozen=True, slots=True)
class Move:
    """A form of the dossier's page: what it holds, what it does, what is said when it is done."""

    form: type[BaseModel]
    does: Callable[[Transaction, Any, Doing], Awaitable[None]]
    said: str


MOVES: Final[Mapping[str, Move]] = {
    "mobilisation": Move(MobilisationForm, _mobilisation, "La mobilisation est enregistrée."),
    "accompagnement": Move(AccompanimentForm, _accompaniment, "L’accompagnement commence. Le demandeur est informé."),
    "jalon": Move(MilestoneForm, _milestone, "Le jalon est fixé."),
    "avancement": Move(ProgressForm, _progress, "L’avancement est noté."),
    "bilan": Move(CompletionForm, _completion, "L’accompagnement est terminé. Le demandeur est invité à l’évaluer."),
}
"""Last part of the address → what happens there."""


@post("/demandes/{request_id:uuid}/{move:str}")
async def make_move(
    request: Asked,
    request_id: FromPath[UUID],
    move: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
    allowance: NamedDependency[Allowance],
) -> Redirect | Template:
    """Take one of the dossier's forms."""
    made = MOVES.get(move)
    if made is None:
        raise NotFound
    form = await read_form(request, made.form)

    async def act(tx: Transaction, typed: BaseModel) -> str:
        await made.does(tx, typed, Doing(request_id, agent, durations, allowance, clock.now()))
        return f"/demandes/{request_id}"

    async def again(status_code: int) -> Template:
        return await dossier_page(
            request,
            database,
            request_id,
            agent,
            document_links,
            territories,
            status_code=status_code,
            failed=move,
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said=made.said)


@post("/demandes/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}/{step:str}")
async def step_mobilisation(
    request: Asked,
    request_id: FromPath[UUID],
    mobilisation_id: FromPath[UUID],
    step: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Redirect | Template:
    """Take one step in the life of a mobilisation."""
    if step not in {Action.ACCEPTANCE, Action.DECLINE, Action.START, Action.DELIVERY}:
        raise NotFound
    form = await read_form(request, StepForm)

    async def act(tx: Transaction, _: StepForm) -> str:
        await means.step_mobilisation(tx, request_id, mobilisation_id, Action(step), agent=agent, at=clock.now())
        return f"/demandes/{request_id}#moyens"

    async def again(status_code: int) -> Template:
        return await dossier_page(
            request,
            database,
            request_id,
            agent,
            document_links,
            territories,
            status_code=status_code,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="La mobilisation est mise à jour.")


@post("/demandes/{request_id:uuid}/decisions/{decision_id:uuid}/reserve")
async def lift_reserve(
    request: Asked,
    request_id: FromPath[UUID],
    decision_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Redirect | Template:
    """Note that what the committee had asked for is there."""
    form = await read_form(request, LiftingForm)

    async def act(tx: Transaction, typed: LiftingForm) -> str:
        await committee.lift_reserve(
            tx,
            decision_id,
            motive=typed.lifting_motive,
            lifted_on=typed.lifted_on,
            agent=agent,
            at=clock.now(),
        )
        return f"/demandes/{request_id}#comite"

    async def again(status_code: int) -> Template:
        return await dossier_page(
            request,
            database,
            request_id,
            agent,
            document_links,
            territories,
            status_code=status_code,
            failed="reserve",
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="La réserve est levée.")


routes = [*page_routes(DOSSIER, ON_DOSSIERS), make_move, step_mobilisation, lift_reserve]
