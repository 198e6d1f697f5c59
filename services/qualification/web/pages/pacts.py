"""Pages of pacts: the list, one pact on the screen and on paper, a new one, and its diagnosis."""

from dataclasses import dataclass, replace
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import MediaType, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, QueryParameter

from services.qualification.domain.pact_moves import PactAction, PactState
from services.qualification.domain.pact_parties import PartyKind
from services.qualification.reads.pact import earlier_versions, origin
from services.qualification.reads.pact_views import ActionView, AmendmentView, PactView
from services.qualification.reads.pacts import pact_of_request, pacts
from services.qualification.usecases.pacts.parties import OFFICIAL
from services.qualification.web.actions import (
    DIAGNOSIS,
    EDITING,
    ON_PACTS,
    OPEN_PACT,
    PARTY_CORRECTION,
    PARTY_REMOVAL,
    REMOVAL,
)
from services.qualification.web.context import AgentContext
from services.qualification.web.pacts_shown import (
    described,
    draft,
    pact_as_pdf,
    rows_of,
    typed_rows,
    typed_texts,
    version_as_pdf,
)
from services.qualification.web.pacts_words import ACTION_STATUS, EXPECTED, FIELD_LABELS, PACT_STATE, PARTY_KIND, STEPS
from shared.db import Reader
from shared.errors import NotFound
from shared.french.dates import datetime_fr
from shared.french.numbers import euros_typed
from shared.identity.model import Role
from shared.web.actions import Refused, Resource, offered, page_read, page_routes
from shared.web.pages import flash, redirect, render
from shared.web.paging import Page

KIND_OPTIONS: Final = [(kind, label) for kind, label in PARTY_KIND.items() if kind != PartyKind.STATE]


@dataclass(frozen=True, slots=True)
class Found:
    """A territory of the official lists, as the field in which it is picked shows it."""

    name: str
    code: str
    departement: str | None
    population: int | None


@dataclass(frozen=True, slots=True)
class Awaited:
    """Which parties have yet to agree or sign, and for which of them this agent may record it."""

    names: list[str]
    options: list[tuple[str, str]]
    state_only: bool
    state_needs_delegate: bool
    others_need_agent: bool


@get("/pactes")
async def show_pacts(
    context: NamedDependency[AgentContext],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Response[Any]:
    """List the pacts of the agent's départements."""
    states = [PactState(in_state)] if in_state in set(PactState) else []
    lines, total = await pacts(context.database, context.viewer, paging, states=states, q=q)
    return render(
        context.request,
        "pacts/list.html",
        pacts=lines,
        total=total,
        page_asked=paging,
        states=PACT_STATE,
        state_options=[(state, label) for state, (label, _) in PACT_STATE.items()],
        filtered=bool(in_state or q),
        opens=context.agent.has(Role.SAT_AGENT, Role.DELEGATE),
        today=context.today,
    )


@get("/pactes/nouveau")
async def show_new_pact(
    context: NamedDependency[AgentContext], request_id: FromQuery[UUID | None] = None
) -> Response[Any]:
    """Show the form of a new pact, filled in with what a request says; a request that led to one shows that one."""
    context.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    if request_id is None:
        return await _show_new(context)
    known = await pact_of_request(context.database, request_id, perimeter=context.agent.perimeter)
    if known is not None:
        return redirect(f"/pactes/{known}")
    case = await context.case(context.database, request_id)
    asking = case.request.applicant
    party = {"name": asking.name, "kind": asking.kind.value, "code": asking.code, "email": case.contact.email}
    values = {
        "title": case.request.title,
        "departement": case.departement,
        "request_id": str(request_id),
        **typed_rows("parties", [party]),
    }
    return _new_page(context, values, None)


@get("/pactes/{pact_id:uuid}/imprimer")
async def print_pact(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the pact as a document."""
    return draft(context.request, await context.pact(context.database, pact_id))


@get("/pactes/{pact_id:uuid}/pacte.pdf")
async def pact_on_paper(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the pact as a PDF."""
    return await pact_as_pdf(context.request, context.database, await context.pact(context.database, pact_id))


@get("/pactes/{pact_id:uuid}/versions/{number:int}/pacte.pdf")
async def version_on_paper(
    pact_id: FromPath[UUID], number: FromPath[int], context: NamedDependency[AgentContext]
) -> Response[bytes]:
    """Return a version as the PDF that was kept: with all its signatures if it has them."""
    pact = await context.pact(context.database, pact_id)
    return await version_as_pdf(context.request, context.database, pact, number)


@get("/pactes/{pact_id:uuid}/versions/{number:int}/a-signer.pdf")
async def version_put_to_signature(
    pact_id: FromPath[UUID], number: FromPath[int], context: NamedDependency[AgentContext]
) -> Response[bytes]:
    """Return a version as the PDF that was put to signature."""
    pact = await context.pact(context.database, pact_id)
    return await version_as_pdf(context.request, context.database, pact, number, signed=False)


@get("/pactes/territoires")
async def find_territories(
    context: NamedDependency[AgentContext],
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    kind: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Response[dict[str, list[Found]]]:
    """Find parties on the official lists, for the field in which they are picked; other kinds have no list."""
    official = OFFICIAL.get(PartyKind(kind)) if kind in set(PartyKind) else None
    found = context.parts.territories.search(q, official, limit=10) if official or not kind else ()
    items = [Found(one.full_name, one.code, one.departement, one.population) for one in found]
    return Response({"items": items}, media_type=MediaType.JSON)


@get("/pactes/{pact_id:uuid}/actions/{action_id:uuid}/modification")
async def show_editing(
    pact_id: FromPath[UUID], action_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[Any]:
    """Show the form of an action, filled in."""
    pact = await context.pact(context.database, pact_id)
    if PactAction.ACTIONS not in pact.allowed_actions:
        return _moved(context, pact)
    return _editing_page(context, pact, action_id, None)


@get("/pactes/{pact_id:uuid}/parties/{party_id:uuid}/modification")
async def show_correction(
    pact_id: FromPath[UUID], party_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[Any]:
    """Show the form of a party, filled in, and the way to remove it."""
    pact = await context.pact(context.database, pact_id)
    if PactAction.PARTIES not in pact.allowed_actions:
        return _moved(context, pact)
    return _correction_page(context, pact, party_id, None)


@get("/pactes/{pact_id:uuid}/diagnostic")
async def show_diagnosis(pact_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the form of the diagnosis, filled in with the version on the table."""
    pact = await context.pact(context.database, pact_id)
    if PactAction.DIAGNOSIS not in pact.allowed_actions:
        return _moved(context, pact)
    return _diagnosis_page(context, pact, None)


async def _read(context: AgentContext, reader: Reader, pact_id: UUID) -> PactView:
    """Show one pact."""
    return await context.pact(reader, pact_id)


async def _read_of_part(context: AgentContext, reader: Reader, pact_id: UUID, _: UUID) -> PactView:
    return await context.pact(reader, pact_id)


async def _show(context: AgentContext, pact_id: UUID, *, refused: Refused | None = None) -> Response[Any]:
    """Show one pact, with the forms of what may be done now."""
    pact = await context.pact(context.database, pact_id)
    today = context.today.isoformat()
    known = {"approbations.on": today, "signatures.on": today, "revues.held_on": today}
    awaited = _awaited(context, pact)
    if awaited.state_only:
        known |= {"signatures.name": context.agent.name, "signatures.function": context.viewer.who.quality or ""}
    return render(
        context.request,
        "pacts/pact.html",
        status_code=refused.status if refused else 200,
        values={**known, **(refused.form.values if refused else {})},
        errors=refused.form.errors if refused else {},
        failed=refused.action.path if refused else None,
        typed=typed_texts(refused.form, refused.action.path or "") if refused else [],
        actions={action.path: action for action in offered(ON_PACTS, pact.allowed_actions)},
        edits_parties=PactAction.PARTIES in pact.allowed_actions,
        removal=REMOVAL,
        here=f"/pactes/{pact_id}",
        today=context.today,
        versions=await earlier_versions(context.database, pact),
        origin=await origin(context.database, pact),
        invitable=[(str(party.id), party.name) for party in pact.parties if not party.is_state],
        party_options=_party_options(pact),
        kind_options=KIND_OPTIONS,
        unreachable=[party.name for party in pact.awaited if not party.is_state and not party.email],
        awaited=awaited,
        expected=EXPECTED.get(_step(pact.work)),
        steps=_steps(pact),
        share_rows=rows_of(refused.form.values if refused else {}, "actions.shares", spare=1, least=2),
        labels=FIELD_LABELS,
        status_options=[(status, label) for status, (label, _) in ACTION_STATUS.items()],
        **described(pact),
    )


async def _show_of_part(
    context: AgentContext, pact_id: UUID, _: UUID, *, refused: Refused | None = None
) -> Response[Any]:
    return await _show(context, pact_id, refused=refused)


async def _show_editing(context: AgentContext, pact_id: UUID, action_id: UUID, *, refused: Refused) -> Response[Any]:
    return _editing_page(context, await context.pact(context.database, pact_id), action_id, refused)


async def _show_correction(context: AgentContext, pact_id: UUID, party_id: UUID, *, refused: Refused) -> Response[Any]:
    return _correction_page(context, await context.pact(context.database, pact_id), party_id, refused)


async def _show_diagnosis(context: AgentContext, pact_id: UUID, *, refused: Refused) -> Response[Any]:
    return _diagnosis_page(context, await context.pact(context.database, pact_id), refused)


async def _show_new(context: AgentContext, *, refused: Refused | None = None) -> Response[Any]:
    return _new_page(context, {}, refused)


PACT: Final = Resource(
    address="/pacts/{pact_id:uuid}", page="/pactes/{pact_id:uuid}", view=PactView, read=_read, show=_show
)
DIAGNOSING: Final = replace(PACT, show=_show_diagnosis)
PACTS: Final = Resource(address="/pacts", page="/pactes", view=PactView, read=_read, show=_show_new)
PLANNED_ACTION: Final = Resource(
    address="/pacts/{pact_id:uuid}/actions/{action_id:uuid}",
    page="/pactes/{pact_id:uuid}/actions/{action_id:uuid}",
    view=PactView,
    read=_read_of_part,
    show=_show_of_part,
)
EDITED_ACTION: Final = replace(PLANNED_ACTION, show=_show_editing)
PACT_PARTY: Final = Resource(
    address="/pacts/{pact_id:uuid}/parties/{party_id:uuid}",
    page="/pactes/{pact_id:uuid}/parties/{party_id:uuid}",
    view=PactView,
    read=_read_of_part,
    show=_show_of_part,
)
CORRECTED_PARTY: Final = replace(PACT_PARTY, show=_show_correction)


def _moved(context: AgentContext, pact: PactView) -> Response[Any]:
    """Lead back to the pact from a form that it no longer takes, and say who did what last."""
    last = pact.last_act
    when = f" {last.by} {last.what}, le {datetime_fr(last.at, pact.departement)}." if last else ""
    flash(context.request, f"Ce pacte ne se modifie pas à ce stade.{when}", "warning")
    return redirect(f"/pactes/{pact.id}")


def _new_page(context: AgentContext, known: dict[str, Any], refused: Refused | None) -> Response[Any]:
    values = refused.form.values if refused else known
    return render(
        context.request,
        "pacts/new.html",
        status_code=refused.status if refused else 200,
        values=values,
        errors=refused.form.errors if refused else {},
        submit=OPEN_PACT.label,
        rows=rows_of(values, "parties", spare=2, least=3),
        kind_options=KIND_OPTIONS,
        labels=FIELD_LABELS,
        departement_options=[(code, code) for code in sorted(context.agent.departements)],
    )


def _diagnosis_page(context: AgentContext, pact: PactView, refused: Refused | None) -> Response[Any]:
    values = refused.form.values if refused else _on_the_table(pact)
    return render(
        context.request,
        "pacts/diagnosis.html",
        status_code=refused.status if refused else 200,
        pact=pact,
        values=values,
        errors=refused.form.errors if refused else {},
        submit=DIAGNOSIS.label,
        rows=rows_of(values, "indicators", spare=2, least=3),
        agreed=[party.name for party in pact.present if party.agreed_on],
        seen=pact.work.diagnosis.version if pact.work.diagnosis else 0,
        current=pact.work.diagnosis if refused else None,
        labels=FIELD_LABELS | {"name": "Indicateur"},
    )


def _editing_page(context: AgentContext, pact: PactView, action_id: UUID, refused: Refused | None) -> Response[Any]:
    action = next((each for each in pact.work.actions if each.id == action_id), None)
    if action is None:
        raise NotFound
    values = refused.form.values if refused else _as_typed(action)
    return render(
        context.request,
        "pacts/action.html",
        status_code=refused.status if refused else 200,
        pact=pact,
        action=action,
        values=values,
        errors=refused.form.errors if refused else {},
        refused=refused is not None,
        submit=EDITING.label,
        party_options=_party_options(pact),
        share_rows=rows_of(values, "shares", spare=1, least=2),
        today=context.today,
        labels=FIELD_LABELS,
    )


def _correction_page(context: AgentContext, pact: PactView, party_id: UUID, refused: Refused | None) -> Response[Any]:
    party = next((each for each in pact.present if each.id == party_id and not each.is_state), None)
    if party is None:
        raise NotFound
    known = {"name": party.name, "kind": party.kind, "code": party.code, "email": party.email}
    return render(
        context.request,
        "pacts/correction.html",
        status_code=refused.status if refused else 200,
        pact=pact,
        party=party,
        values=refused.form.values if refused else known,
        errors=refused.form.errors if refused else {},
        correction=PARTY_CORRECTION,
        removal=PARTY_REMOVAL,
        kind_options=KIND_OPTIONS,
        labels=FIELD_LABELS,
    )


def _as_typed(action: ActionView) -> dict[str, Any]:
    """Return an action as the fields of its form; names that are no party's are to be chosen anew."""
    shares = [
        {
            "party": str(share.payer_id) if share.payer_id else None,
            "other": None if share.payer_id else share.payer,
            "amount_cents": euros_typed(share.amount_cents),
        }
        for share in action.shares or ()
    ]
    return {
        "title": action.title,
        "owner": str(action.owner_id or ""),
        "partners": [str(each) for each in action.partner_ids or ()],
        "budget_cents": euros_typed(action.budget_cents),
        "due_on": action.due_on.isoformat(),
        "indicator": action.indicator or "",
        **typed_rows("shares", shares),
    }


def _party_options(pact: PactView) -> list[tuple[str, str]]:
    return [(str(party.id), party.name) for party in pact.present]


def _on_the_table(pact: PactView) -> dict[str, Any]:
    diagnosis = pact.work.diagnosis
    if diagnosis is None:
        return {}
    indicators = [{"name": each.name, "value": each.value, "source": each.source} for each in diagnosis.indicators]
    return {
        "strengths": diagnosis.strengths,
        "weaknesses": diagnosis.weaknesses,
        **typed_rows("indicators", indicators),
    }


def _awaited(context: AgentContext, pact: PactView) -> Awaited:
    waiting = pact.awaited
    for_state, for_others = context.agent.has(Role.DELEGATE), context.agent.has(Role.SAT_AGENT)
    mine = [party for party in waiting if (for_state if party.is_state else for_others)]
    return Awaited(
        names=[party.name for party in waiting],
        options=[(str(party.id), party.name) for party in mine],
        state_only=len(mine) == 1 and mine[0].is_state,
        state_needs_delegate=any(party.is_state for party in waiting) and not for_state,
        others_need_agent=any(not party.is_state for party in waiting) and not for_others,
    )


def _step(work: PactView | AmendmentView) -> str:
    """Name the step at which a version is: a plan that is ready waits for signatures."""
    return "ready" if work.ready_at and work.state == PactState.PLANNING else work.state


def _steps(pact: PactView) -> list[dict[str, str]]:
    here = list(STEPS).index(_step(pact))
    return [
        {"label": label, "state": "done" if place < here else "current" if place == here else "todo"}
        for place, label in enumerate(STEPS.values())
    ]


ROUTES = (
    show_pacts,
    show_new_pact,
    page_read(PACT),
    print_pact,
    pact_on_paper,
    version_on_paper,
    version_put_to_signature,
    find_territories,
    show_diagnosis,
    show_editing,
    show_correction,
    *page_routes(PACTS, [OPEN_PACT]),
    *page_routes(DIAGNOSING, [DIAGNOSIS]),
    *page_routes(PACT, ON_PACTS),
    *page_routes(PLANNED_ACTION, [REMOVAL]),
    *page_routes(EDITED_ACTION, [EDITING]),
    *page_routes(PACT_PARTY, [PARTY_REMOVAL]),
    *page_routes(CORRECTED_PARTY, [PARTY_CORRECTION]),
)
