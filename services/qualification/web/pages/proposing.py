"""The pages of the two longer forms of a case: the qualification grid, and the proposal of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.qualification.domain.matching import CatalogueEntry, Match, match
from services.qualification.domain.moves import Action
from services.qualification.domain.orientation import SILENCE, OrientationState
from services.qualification.reads.case import CaseView
from services.qualification.store.providers import of_departement
from services.qualification.web import words as pages_words
from services.qualification.web.actions import PROPOSAL, QUALIFICATION
from services.qualification.web.context import AgentContext
from services.qualification.web.pages.case import CASE, CasePage, page_of
from shared.contracts.vocabulary import SUPPORT_TYPES_OF, Outcome, SupportType
from shared.errors import IllegalMove, NotFound
from shared.french import words
from shared.web.actions import Refused, page_routes
from shared.web.pages import render

TRIED_ROWS: Final = range(4)
"""The local providers that the escalation's page lets one name."""
SECOND_ROWS: Final = tuple(f"providers_tried.{row}" for row in TRIED_ROWS[1:])
"""How the fields begin of those after the first."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What the page of an outcome lets one choose; `envelope_left` in euro cents."""

    providers: list[tuple[UUID, str, str]]
    tried: list[tuple[UUID, str]]
    support_types: list[tuple[str, str]]
    programmes: list[tuple[str, str, str]]
    motives: list[tuple[str, str]]
    departements: list[tuple[str, str]]
    envelope_left: int
    several_tried: bool
    rows: range = TRIED_ROWS


@get("/demandes/{request_id:uuid}/qualification")
async def show_qualification(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the qualification grid to fill in."""
    return await _show_grid(context, request_id)


@get("/demandes/{request_id:uuid}/proposition/{outcome:str}")
async def show_proposal(
    request_id: FromPath[UUID], outcome: FromPath[str], context: NamedDependency[AgentContext]
) -> Response[Any]:
    """Show the fields of one outcome."""
    return await _show_outcome(context, request_id, outcome)


async def _show_grid(context: AgentContext, request_id: UUID, *, refused: Refused | None = None) -> Response[Any]:
    view = await _open(context, request_id, Action.QUALIFICATION, refused)
    known = view.case.qualification
    given = known.model_dump() if known else {}
    if known:
        given["fully_covered"] = _chosen(known.cost_motive, covered=known.fully_covered)
    return render(
        context.request,
        "cases/qualification.html",
        status_code=refused.status if refused else 200,
        view=view,
        case=view.case,
        values=refused.form.values if refused else given,
        errors=refused.form.errors if refused else {},
        marks=pages_words.MARKS,
        offers=pages_words.options(words.LOCAL_OFFER),
        profile=await context.parts.profile(context.database, view.case, context.today),
    )


async def _show_outcome(
    context: AgentContext, request_id: UUID, outcome: str, *, refused: Refused | None = None
) -> Response[Any]:
    if outcome not in set(Outcome):
        raise NotFound
    view = await _open(context, request_id, Action.PROPOSAL, refused)
    values = refused.form.values if refused else _already_tried(view.case)
    errors = refused.form.errors if refused else {}
    return render(
        context.request,
        "cases/proposal.html",
        status_code=refused.status if refused else 200,
        view=view,
        case=view.case,
        values=values,
        errors=errors,
        outcome=outcome,
        label=pages_words.PROPOSALS[Outcome(outcome)],
        submit=PROPOSAL.label,
        marks=pages_words.MARKS,
        offer=await _offer(context, view.case, {**values, **errors}),
    )


QUALIFYING: Final = replace(CASE, show=_show_grid)
PROPOSING: Final = replace(CASE, page="/demandes/{request_id:uuid}/proposition/{outcome:str}", show=_show_outcome)


async def _open(context: AgentContext, request_id: UUID, action: Action, refused: Refused | None) -> CasePage:
    """Load what a form's page shows; refuse to open it when the action is not possible now."""
    view = await page_of(context, context.database, request_id)
    if refused is None and action not in view.case.allowed_actions:
        raise IllegalMove(state=view.case.state, allowed_actions=view.case.allowed_actions)
    return view


async def _offer(context: AgentContext, case: CaseView, given: Mapping[str, object]) -> Offer:
    """Gather the choices; `given`: the fields that are filled in or wrong."""
    catalogue = await of_departement(context.database, case.departement)
    matches = {found.provider.id: found for found in match(case.request, case.departement, catalogue, context.today)}
    covering = [entry for entry in catalogue if entry.covers(case.request.applicant, case.departement)]
    listed = [found.provider for found in matches.values()]
    listed += [entry for entry in covering if entry.id not in matches]
    profile = await context.parts.profile(context.database, case, context.today)
    in_force = {each.programme for each in profile.programmes}
    envelope = await context.parts.envelope(context.database, [case.departement], context.today)
    return Offer(
        providers=[_option(entry, matches) for entry in listed if not entry.is_full],
        tried=[(entry.id, entry.name) for entry in listed],
        support_types=pages_words.options(
            words.SUPPORT_TYPE, SUPPORT_TYPES_OF[case.request.kind] or frozenset(SupportType)
        ),
        programmes=[
            (programme.value, label, "Il couvre ce territoire." if programme in in_force else "")
            for programme, label in words.PROGRAMME.items()
        ],
        motives=pages_words.options(words.ESCALATION_MOTIVE),
        departements=[
            (each.code, f"{each.name} ({each.code})")
            for each in context.parts.territories.departements()
            if each.code != case.departement
        ],
        envelope_left=envelope.left_cents,
        several_tried=any(name.startswith(SECOND_ROWS) for name in given if given[name]),
    )


def _already_tried(case: CaseView) -> dict[str, Any]:
    """Fill in what is known: the providers that were asked about this request, and what they answered."""
    asked = [each for each in case.orientations if each.state in {OrientationState.DECLINED, OrientationState.SILENT}]
    values: dict[str, Any] = {}
    for row, each in zip(TRIED_ROWS, asked, strict=False):
        values[f"providers_tried.{row}.provider_id"] = each.provider.id
        values[f"providers_tried.{row}.answer"] = each.answer or SILENCE
    return values


def _chosen(motive: str | None, *, covered: bool) -> str:
    """Return the choice that the form shows: nothing where the rule decides."""
    return "" if motive is None else str(covered).lower()


def _option(entry: CatalogueEntry, matches: Mapping[UUID, Match]) -> tuple[UUID, str, str]:
    found = matches.get(entry.id)
    reasons = " ".join(found.reasons) if found else "Ne correspond pas aux champs ou aux accompagnements demandés."
    return entry.id, entry.name, reasons


ROUTES = (
    show_qualification,
    show_proposal,
    *page_routes(QUALIFYING, [QUALIFICATION]),
    *page_routes(PROPOSING, [PROPOSAL]),
)
