"""The pages of the two longer forms of a case: the qualification grid, and the proposal of an answer."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.qualification.domain.matching import CatalogueEntry, Match, match
from services.qualification.domain.moves import Action, State
from services.qualification.domain.orientation import SILENCE
from services.qualification.reads.case import NO_HELP, CaseView, why_no_help
from services.qualification.store.providers import of_departement
from services.qualification.web import words as pages_words
from services.qualification.web.actions import PROPOSAL, QUALIFICATION
from services.qualification.web.context import AgentContext
from services.qualification.web.pages.case import CASE, CasePage, led_back, page_of
from shared.contracts.vocabulary import SUPPORT_TYPES_OF, LocalEnd, Outcome, SupportType
from shared.errors import NotFound
from shared.french import words
from shared.french.numbers import euros_typed
from shared.web.actions import Refused, page_routes
from shared.web.pages import render

TRIED_ROWS: Final = range(4)
"""The local providers that the escalation's page lets one name."""


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
    rows: range


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
    view = await page_of(context, context.database, request_id)
    if Action.QUALIFICATION not in view.case.allowed_actions:
        return await _not_now(context, view, refused)
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
    view = await page_of(context, context.database, request_id)
    if Action.PROPOSAL not in view.case.allowed_actions:
        return await _not_now(context, view, refused)
    before = _before(view.case, Outcome(outcome))
    values = refused.form.values if refused else before or _already_tried(view.case)
    errors = refused.form.errors if refused else {}
    replaces = view.case.state == State.PROPOSED
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
        submit="Remplacer ma proposition" if replaces else PROPOSAL.label,
        replaces=replaces,
        returned=view.case.returned_proposal,
        marks=pages_words.MARKS,
        offer=await _offer(context, view.case, {**values, **errors}),
    )


QUALIFYING: Final = replace(CASE, show=_show_grid)
PROPOSING: Final = replace(CASE, page="/demandes/{request_id:uuid}/proposition/{outcome:str}", show=_show_outcome)


async def _not_now(context: AgentContext, view: CasePage, refused: Refused | None) -> Response[Any]:
    """Show the case instead of a form that it does not take any more, with what was typed; or lead to it."""
    if refused is None:
        return led_back(context, view)
    return await CASE.show(context, view.case.request_id, refused=refused)


async def _offer(context: AgentContext, case: CaseView, given: Mapping[str, object]) -> Offer:
    """Gather the choices; `given`: the fields that are filled in or wrong."""
    catalogue = await of_departement(context.database, case.departement)
    known = why_no_help(case)
    found = match(case.request, case.departement, catalogue, context.today, known)
    matches = {one.provider.id: one for one in found}
    covering = [entry for entry in catalogue if entry.covers(case.request.applicant, case.departement)]
    listed = [one.provider for one in found]
    listed += [entry for entry in covering if entry.id not in matches]
    profile = await context.parts.profile(context.database, case, context.today)
    tried = [name for name, value in given.items() if value and name.startswith("providers_tried.")]
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
        several_tried=any(name.startswith("providers_tried.") and int(name.split(".")[1]) for name in tried),
        rows=range(max(len(TRIED_ROWS), *(int(name.split(".")[1]) + 1 for name in tried), 0)),
    )


def _before(case: CaseView, outcome: Outcome) -> dict[str, Any]:
    """Return the fields of the proposal that is changed, or was rejected or taken back, where it is of this outcome."""
    waits = case.proposal if case.state == State.PROPOSED else None
    known = waits or (case.returned_proposal.proposal if case.returned_proposal else None)
    if known is None or known.outcome is not outcome:
        return {}
    values: dict[str, Any] = {
        "motive": known.motive,
        "provider_id": known.provider_id,
        "support_types": list(known.support_types),
        "amount_cents": None if known.amount_cents is None else euros_typed(known.amount_cents),
        "programme": known.programme,
        "departement": known.departement,
    }
    if known.evidence:
        values |= {"motive_code": known.evidence.motive_code, "opinion": known.evidence.opinion}
        for row, tried in enumerate(known.evidence.providers_tried):
            values[f"providers_tried.{row}.provider_id"] = tried.provider_id
            values[f"providers_tried.{row}.answer"] = tried.answer
    return {name: value for name, value in values.items() if value}


def _already_tried(case: CaseView) -> dict[str, Any]:
    """Fill in what is known: the providers that were asked about this request, and what they answered."""
    asked = [(each.provider.id, each.answer or SILENCE) for each in case.orientations if each.state in NO_HELP]
    if case.local_work and case.local_work.reason is LocalEnd.PROVIDER_STOPPED:
        asked.append((case.orientations[-1].provider.id, case.local_work.motive or ""))
    values: dict[str, Any] = {}
    for row, (provider_id, answer) in zip(TRIED_ROWS, asked, strict=False):
        values[f"providers_tried.{row}.provider_id"] = provider_id
        values[f"providers_tried.{row}.answer"] = answer
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
