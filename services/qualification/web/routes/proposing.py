"""The two longer forms of a case: the qualification grid, and the proposal of an answer."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.qualification.domain.matching import CatalogueEntry, match
from services.qualification.domain.moves import Action
from services.qualification.domain.orientation import SILENCE, OrientationState
from services.qualification.reads.case import CaseView
from services.qualification.store.providers import of_departement
from services.qualification.usecases import deciding, examining
from services.qualification.usecases.looking import look_at_case
from services.qualification.web import forms
from services.qualification.web import words as pages_words
from services.qualification.web.routes.case import described
from services.qualification.web.visit import Visit
from shared import clock
from shared.contracts.vocabulary import SUPPORT_TYPES_OF, Outcome, SupportType
from shared.db import Transaction
from shared.errors import IllegalMove, NotFound
from shared.french import words
from shared.web.forms import Form, read_form
from shared.web.pages import render

CASE = "/demandes/{request_id:uuid}"
TRIED_ROWS = 4
"""How many local providers the escalation's page lets one name."""


@get(f"{CASE}/qualification")
async def show_qualification(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Show the qualification grid to fill in."""
    return await _qualification_page(visit, request_id, None, 200)


@post(f"{CASE}/qualification")
async def qualify(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Fill in the qualification grid."""

    async def act(tx: Transaction, form: forms.QualificationForm) -> object:
        return await examining.qualify(tx, request_id, form.grid(), by=visit.agent, at=clock.now())

    async def again(form: Form[Any], status: int) -> Response[Any]:
        return await _qualification_page(visit, request_id, form, status)

    form = await read_form(visit.request, forms.QualificationForm)
    return await visit.carry_out(
        form,
        act,
        then=f"/demandes/{request_id}{visit.kept}#actions",
        said="Le besoin est qualifié. Vous pouvez proposer une réponse.",
        again=again,
    )


@get(CASE + "/proposition/{outcome:str}")
async def show_proposal(
    request_id: FromPath[UUID], outcome: FromPath[str], visit: NamedDependency[Visit]
) -> Response[Any]:
    """Show the fields of one outcome."""
    return await _proposal_page(visit, request_id, _outcome(outcome), None, 200)


@post(CASE + "/proposition/{outcome:str}")
async def propose(request_id: FromPath[UUID], outcome: FromPath[str], visit: NamedDependency[Visit]) -> Response[Any]:
    """Propose an answer."""
    wanted = _outcome(outcome)

    async def act(tx: Transaction, form: forms.ProposalForm) -> object:
        return await deciding.propose(
            tx,
            request_id,
            form.draft(wanted),
            by=visit.agent,
            at=clock.now(),
            territories=visit.desk.territories,
        )

    async def again(form: Form[Any], status: int) -> Response[Any]:
        if "amount_cents" in form.errors:
            form.errors["amount"] = form.errors.pop("amount_cents")
        return await _proposal_page(visit, request_id, wanted, form, status)

    form = await read_form(visit.request, forms.ProposalForm)
    return await visit.carry_out(
        form,
        act,
        then=f"/demandes/{request_id}{visit.kept}",
        said="Votre proposition est enregistrée. Un délégué territorial doit maintenant la valider.",
        again=again,
    )


async def _qualification_page(visit: Visit, request_id: UUID, form: Form[Any] | None, status: int) -> Response[Any]:
    view, _ = await _open(visit, request_id, Action.QUALIFICATION, form)
    values: Any = form.values if form else {"cost": "rule"}
    if form is None and view.qualification:
        known = view.qualification
        values = {**known.model_dump(), "cost": _cost(known.cost_motive, covered=known.fully_covered)}
    return render(
        visit.request,
        "cases/qualification.html",
        status_code=status,
        values=values,
        errors=form.errors if form else {},
        kept=visit.kept,
        here=f"/demandes/{request_id}",
        offers=pages_words.options(words.LOCAL_OFFER),
        profile=await visit.desk.profile(visit.database, view, visit.today),
        states=words.STATE,
        **described(visit, view),
    )


async def _proposal_page(
    visit: Visit, request_id: UUID, outcome: Outcome, form: Form[Any] | None, status: int
) -> Response[Any]:
    view, catalogue = await _open(visit, request_id, Action.PROPOSAL, form)
    matches = {found.provider.id: found for found in match(view.request, view.departement, catalogue, visit.today)}
    covering = [entry for entry in catalogue if entry.covers(view.request.applicant, view.departement)]
    first = [found.provider for found in matches.values()]
    others = [entry for entry in covering if entry.id not in matches]
    profile = await visit.desk.profile(visit.database, view, visit.today)
    in_force = {each.programme for each in profile.programmes}
    allowed = SUPPORT_TYPES_OF[view.request.kind] or frozenset(SupportType)
    return render(
        visit.request,
        "cases/proposal.html",
        status_code=status,
        values=form.values if form else _already_tried(view),
        errors=form.errors if form else {},
        kept=visit.kept,
        here=f"/demandes/{request_id}",
        outcome=outcome.value,
        envelope_left=(await visit.desk.envelope(visit.database, [view.departement], visit.today)).left_cents,
        said=pages_words.PROPOSALS[outcome],
        provider_options=[(entry.id, *_told(entry, matches)) for entry in [*first, *others] if not entry.is_full],
        tried_options=[(entry.id, entry.name) for entry in [*first, *others]],
        tried_rows=range(TRIED_ROWS),
        support_options=pages_words.options(words.SUPPORT_TYPE, allowed),
        programme_options=[
            (programme.value, said, "Il couvre ce territoire." if programme in in_force else "")
            for programme, said in words.PROGRAMME.items()
        ],
        motive_options=pages_words.options(words.ESCALATION_MOTIVE),
        departement_options=[
            (each.code, f"{each.name} ({each.code})")
            for each in visit.desk.territories.departements()
            if each.code != view.departement
        ],
        **described(visit, view),
    )


async def _open(
    visit: Visit, request_id: UUID, action: Action, form: Form[Any] | None
) -> tuple[CaseView, list[CatalogueEntry]]:
    """Load what a form's page shows; refuse to open it when the action is not possible now."""
    async with visit.database.transaction(visit.cause) as tx:
        view = await look_at_case(tx, request_id, by=visit.agent, today=visit.today)
        if form is None and action.value not in view.allowed_actions:
            raise IllegalMove(state=view.state, allowed_actions=view.allowed_actions)
        return view, await of_departement(tx, view.departement)


def _already_tried(view: CaseView) -> dict[str, Any]:
    """Fill in what is known: the providers that were asked about this request, and what they answered."""
    asked = [each for each in view.orientations if each.state in (OrientationState.DECLINED, OrientationState.SILENT)]
    values: dict[str, Any] = {}
    for row, each in enumerate(asked[:TRIED_ROWS]):
        values[f"providers_tried.{row}.provider_id"] = each.provider_id
        values[f"providers_tried.{row}.answer"] = each.answer or SILENCE
    return values


def _outcome(value: str) -> Outcome:
    if value not in set(Outcome):
        raise NotFound
    return Outcome(value)


def _cost(motive: str | None, *, covered: bool) -> str:
    if motive is None:
        return "rule"
    return "covered" if covered else "shared"


def _told(entry: CatalogueEntry, matches: dict[UUID, Any]) -> tuple[str, str]:
    found = matches.get(entry.id)
    reasons = " ".join(found.reasons) if found else "Ne correspond pas aux champs ou aux accompagnements demandés."
    return entry.name, reasons


ROUTES = (show_qualification, qualify, show_proposal, propose)
