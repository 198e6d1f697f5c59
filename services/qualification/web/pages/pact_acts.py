"""The forms of a pact's page: each does one thing, once, and comes back to the page; and the page of its diagnosis."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel

from services.qualification.reads.pact_views import PactView
from services.qualification.usecases import pacts as acts
from services.qualification.web import pacts_forms as forms
from services.qualification.web.context import AgentContext
from services.qualification.web.forms import EmptyForm
from services.qualification.web.pages.pacts import asks_for_rows, found, pact_page
from shared import clock
from shared.db import Transaction
from shared.errors import IllegalMove
from shared.web.forms import Form, read_form
from shared.web.pages import render

Model = TypeVar("Model", bound=BaseModel)
PACT = "/pactes/{pact_id:uuid}"


@get(f"{PACT}/diagnostic")
async def show_diagnosis(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the form of the diagnosis, filled in with the version on the table."""
    view = await found(context, pact_id)
    if "diagnosis" not in view.allowed_actions:
        raise IllegalMove(state=view.state, allowed_actions=view.allowed_actions)
    return _diagnosis_page(context, view, _on_the_table(view), {}, 200)


@post(f"{PACT}/diagnostic")
async def share_diagnosis(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Put a diagnosis on the table, or show the form again with more rows."""
    form = await read_form(context.request, forms.DiagnosisForm)
    if await asks_for_rows(context):
        return _diagnosis_page(context, await found(context, pact_id), forms.again(form)[0], {}, 200)

    async def act(tx: Transaction, typed: forms.DiagnosisForm) -> object:
        return await acts.share_diagnosis(tx, pact_id, typed.diagnosis(), by=context.agent, at=clock.now())

    async def shown_again(form: Form[Any], status: int) -> Response[Any]:
        return _diagnosis_page(context, await found(context, pact_id), *forms.again(form), status)

    said = "Le diagnostic est sur la table\u00a0: chaque partie peut maintenant l’approuver."
    return await context.carry_out(form, act, then=f"/pactes/{pact_id}", said=said, again=shown_again)


@post(f"{PACT}/invitations")
async def invite(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Send a party its link."""

    async def act(tx: Transaction, typed: forms.InvitationForm) -> object:
        return await acts.invite(tx, pact_id, party=typed.invited, email=typed.email, by=context.agent, at=clock.now())

    return await _do(context, pact_id, forms.InvitationForm, act, "Le lien est envoyé.")


@post(f"{PACT}/approbations")
async def agree(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Record that a party agreed the diagnosis."""

    async def act(tx: Transaction, typed: forms.PartySpeaksForm) -> object:
        return await acts.agree(tx, pact_id, party=typed.party, on=typed.on, by=context.agent, at=clock.now())

    return await _do(context, pact_id, forms.PartySpeaksForm, act, "L’approbation est enregistrée.")


@post(f"{PACT}/actions")
async def add_action(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Add an action to the plan."""

    async def act(tx: Transaction, typed: forms.ActionForm) -> object:
        return await acts.add_action(tx, pact_id, typed.planned(), by=context.agent, at=clock.now())

    return await _do(context, pact_id, forms.ActionForm, act, "L’action est ajoutée au plan.")


@post(f"{PACT}/actions/{{action_id:uuid}}/retrait")
async def remove_action(
    pact_id: FromPath[UUID], action_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[Any]:
    """Take an action out of the plan."""

    async def act(tx: Transaction, _: EmptyForm) -> None:
        await acts.remove_action(tx, pact_id, action_id, by=context.agent, at=clock.now())

    return await _do(context, pact_id, EmptyForm, act, "L’action est retirée du plan.")


@post(f"{PACT}/signatures")
async def sign(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Record that a party signed."""

    async def act(tx: Transaction, typed: forms.PartySpeaksForm) -> object:
        return await acts.sign(tx, pact_id, party=typed.party, on=typed.on, by=context.agent, at=clock.now())

    return await _do(context, pact_id, forms.PartySpeaksForm, act, "La signature est enregistrée.")


@post(f"{PACT}/avancement")
async def report(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Tell how far an action is."""

    async def act(tx: Transaction, typed: forms.ProgressForm) -> object:
        return await acts.report(
            tx,
            pact_id,
            typed.action_id,
            percent=typed.percent,
            status=typed.status,
            comment=typed.comment,
            by=context.agent,
            at=clock.now(),
        )

    return await _do(context, pact_id, forms.ProgressForm, act, "L’avancement est enregistré.")


@post(f"{PACT}/revues")
async def review(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Note a yearly review."""

    async def act(tx: Transaction, typed: forms.ReviewForm) -> object:
        return await acts.review(
            tx, pact_id, held_on=typed.held_on, summary=typed.summary, by=context.agent, at=clock.now()
        )

    return await _do(context, pact_id, forms.ReviewForm, act, "La revue annuelle est enregistrée.")


async def _do(
    context: AgentContext,
    pact_id: UUID,
    model: type[Model],
    act: Callable[[Transaction, Model], Awaitable[object]],
    said: str,
) -> Response[Any]:
    async def shown_again(form: Form[Any], status: int) -> Response[Any]:
        return await pact_page(context, pact_id, form=form, status=status)

    form = await read_form(context.request, model)
    return await context.carry_out(form, act, then=f"/pactes/{pact_id}", said=said, again=shown_again)


def _diagnosis_page(
    context: AgentContext, view: PactView, values: dict[str, Any], errors: dict[str, str], status: int
) -> Response[Any]:
    return render(
        context.request,
        "pacts/diagnosis.html",
        status_code=status,
        pact=view,
        values=values,
        errors=errors,
        rows=forms.rows_of(values, "indicators", spare=2, least=3),
        agreed=[party.name for party in view.parties if party.agreement],
    )


def _on_the_table(view: PactView) -> dict[str, Any]:
    if view.current is None:
        return {}
    diagnosis = view.current.diagnosis
    return {
        "strengths": "\n".join(diagnosis.strengths),
        "weaknesses": "\n".join(diagnosis.weaknesses),
        **forms.typed_rows("indicators", [each.model_dump() for each in diagnosis.indicators]),
    }


ROUTES = (
    show_diagnosis,
    share_diagnosis,
    invite,
    agree,
    add_action,
    remove_action,
    sign,
    report,
    review,
)
