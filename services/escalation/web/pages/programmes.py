"""The national programmes: their sheets, the territories they cover, and what their teams do with a request."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from services.escalation.domain.programmes import ProgrammeRequestState, acts_for_programmes
from services.escalation.reads.coverage import count_territories_covered, territories_covered
from services.escalation.reads.evaluations import Narrowed, averages
from services.escalation.reads.programmes import (
    programme_requests,
    programmes,
    requests_by_state,
)
from services.escalation.usecases.programmes import WriteSheet, take_out_territory
from services.escalation.web import actions
from services.escalation.web.answers import read_programme_request, read_sheet
from services.escalation.web.context import AgentContext
from services.escalation.web.coverage_tables import COLUMNS, ImportOptions, bring_in_table, coverage_table
from services.escalation.web.showing import known, show
from shared.contracts.vocabulary import ApplicantKind
from shared.errors import Invalid
from shared.french.words import APPLICANT_KIND
from shared.tables import LARGEST, Reported, Result, counts
from shared.web.actions import Refused, Resource, offered, page_read, page_routes
from shared.web.forms import Form, read_form
from shared.web.pages import flash, redirect
from shared.web.paging import Page
from shared.web.tables import table_sent

REQUEST_STATES: Final[Mapping[ProgrammeRequestState, tuple[str, str]]] = {
    ProgrammeRequestState.DIRECTED: ("À prendre en charge", "waiting"),
    ProgrammeRequestState.TAKEN_UP: ("Prise en charge", "running"),
    ProgrammeRequestState.COMPLETED: ("Terminée", "done"),
    ProgrammeRequestState.DECLINED: ("Rendue au département", "neutral"),
    ProgrammeRequestState.EVALUATED: ("Évaluée", "done"),
    ProgrammeRequestState.CLOSED: ("Close", "done"),
    ProgrammeRequestState.WITHDRAWN: ("Retirée", "neutral"),
}
RESULTS: Final[Mapping[str, tuple[str, str]]] = {
    Result.ADDED: ("Ajouté", "done"),
    Result.CHANGED: ("Modifié", "done"),
    Result.UNCHANGED: ("Inchangé", "neutral"),
    Result.REFUSED: ("À corriger", "refused"),
}


@get("/programmes")
async def list_programmes(context: NamedDependency[AgentContext]) -> Template:
    """Show the national programmes."""
    found = await programmes(context.database, perimeter=context.perimeter)
    return show(context, "programmes/list.html", items=found)


@get("/programmes/{programme:str}")
async def one_programme(
    context: NamedDependency[AgentContext], programme: FromPath[str], paging: NamedDependency[Page]
) -> Template:
    """Show a programme and the requests directed to it."""
    wanted, perimeter = context.programme(programme), context.perimeter
    state = known(ProgrammeRequestState, context.request.query_params.get("state"))
    found = await programme_requests(
        context.database, wanted, state=state, perimeter=perimeter, by=context.by, page=paging
    )
    return show(
        context,
        "programmes/programme.html",
        sheet=await read_sheet(context, context.database, programme),
        items=found.items,
        total=found.total,
        paging=paging,
        states=REQUEST_STATES,
        counts=await requests_by_state(context.database, wanted, perimeter=perimeter),
        means=await averages(context.database, Narrowed(programme=wanted), perimeter=perimeter),
        chosen=state,
        writes=acts_for_programmes(context.by),
    )


async def one_request(
    context: AgentContext, programme: str, request_id: UUID, *, refused: Refused | None = None
) -> Template:
    """Show a request that was directed to a programme; that it was read is traced."""
    found = await read_programme_request(context, context.database, programme, request_id)
    return show(
        context,
        "programmes/request.html",
        refused=refused,
        item=found,
        states=REQUEST_STATES,
        forms_offered=offered(actions.ON_PROGRAMME_REQUESTS, found.allowed_actions),
    )


async def sheet_form(context: AgentContext, programme: str, *, refused: Refused | None = None) -> Template:
    """Show the sheet, to be changed."""
    sheet = await read_sheet(context, context.database, programme)
    values = {name: getattr(sheet, name) for name in WriteSheet.model_fields}
    return show(
        context, "programmes/sheet_form.html", refused=refused, values=values, programme=context.programme(programme)
    )


@get("/programmes/{programme:str}/territoires")
async def list_territories(
    context: NamedDependency[AgentContext], programme: FromPath[str], paging: NamedDependency[Page]
) -> Template:
    """Show the territories that a programme covers."""
    wanted, territories = context.programme(programme), context.parts.territories
    departement = context.request.query_params.get("departement") or None
    q = context.request.query_params.get("q", "")
    return show(
        context,
        "programmes/territories.html",
        programme=wanted,
        items=await territories_covered(
            context.database, wanted, departement=departement, q=q, limit=paging.limit, offset=paging.offset
        ),
        total=await count_territories_covered(context.database, wanted, departement=departement, q=q),
        paging=paging,
        kinds=APPLICANT_KIND,
        departements=[("", "Tous"), *((one.code, f"{one.code} {one.name}") for one in territories.departements())],
        writes=acts_for_programmes(context.by),
        source=territories.source.sentence,
    )


@get("/programmes/{programme:str}/territoires.csv")
async def download_territories(context: NamedDependency[AgentContext], programme: FromPath[str]) -> Response[bytes]:
    """Return all territories of a programme as a CSV file, which may be brought in again."""
    return await coverage_table(context, programme)


@get("/programmes/{programme:str}/territoires/import")
async def show_import(context: NamedDependency[AgentContext], programme: FromPath[str]) -> Template:
    """Show where a table of territories is brought in."""
    return _import_page(context, programme)


@post("/programmes/{programme:str}/territoires/import", request_max_body_size=LARGEST)
async def import_territories(context: NamedDependency[AgentContext], programme: FromPath[str]) -> Template:
    """Bring a table of territories in, or only look what would become of it; report line by line."""
    context.programme(programme)
    form = await read_form(context.request, ImportOptions)
    try:
        options = form.model or ImportOptions(only_look=True)
        report = await bring_in_table(context, programme, await table_sent(form), options)
    except Invalid as refusal:
        form.refuse(refusal)
        return _import_page(context, programme, form=form, status_code=400)
    return _import_page(context, programme, form=form, report=report)


def _import_page(
    context: AgentContext,
    programme: str,
    *,
    form: Form[Any] | None = None,
    report: list[Reported] | None = None,
    status_code: int = 200,
) -> Template:
    return show(
        context,
        "programmes/import.html",
        status_code=status_code,
        form=form,
        values={"only_look": "true"},
        programme=context.programme(programme),
        report=report,
        counts=counts(report or ()),
        headings=COLUMNS,
        results=RESULTS,
    )


@post("/programmes/{programme:str}/territoires/{kind:str}/{code:str}/retrait")
async def take_territory_out(
    context: NamedDependency[AgentContext],
    programme: FromPath[str],
    kind: FromPath[ApplicantKind],
    code: FromPath[str],
) -> Redirect:
    """Take a territory out of a programme's coverage."""
    async with context.database.transaction(context.cause) as tx:
        await take_out_territory(context.acting(tx), programme, kind, code)
    flash(context.request, "Le territoire ne fait plus partie du programme.")
    return redirect(f"/programmes/{programme}/territoires")


REQUEST = Resource(page="/programmes/{programme:str}/demandes/{request_id:uuid}", show=one_request)
PROGRAMME = Resource(page="/programmes/{programme:str}", show=sheet_form)
SHEET = Resource(page="/programmes/{programme:str}/fiche", show=sheet_form)

routes = [
    list_programmes,
    one_programme,
    page_read(REQUEST),
    *page_routes(REQUEST, actions.ON_PROGRAMME_REQUESTS),
    page_read(SHEET),
    *page_routes(PROGRAMME, [actions.SHEET]),
    list_territories,
    download_territories,
    show_import,
    import_territories,
    take_territory_out,
]
