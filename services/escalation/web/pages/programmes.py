"""The national programmes: their sheets, the territories they cover, and what their teams do with a request."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from pydantic import BaseModel

from services.escalation.domain.durations import Durations
from services.escalation.domain.inputs import Line, Text
from services.escalation.domain.programmes import ProgrammeAction, ProgrammeRequestState, acts_for_programmes
from services.escalation.reads.coverage import count_territories_covered, territories_covered
from services.escalation.reads.evaluations import Narrowed, averages
from services.escalation.reads.programmes import (
    count_programme_requests,
    programme_request,
    programme_requests,
    programmes,
    requests_by_state,
    sheet,
)
from services.escalation.usecases import acting
from services.escalation.usecases import programmes as usecases
from services.escalation.web.coverage_tables import COLUMNS, bring_in_table, table_of
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import programme_named
from shared import clock
from shared.contracts.fact import Email
from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.db import Cause, Database, Transaction
from shared.errors import Invalid
from shared.french.words import APPLICANT_KIND
from shared.identity.model import Agent
from shared.tables import LARGEST, Reported, Result, counts
from shared.territory.territories import Territories
from shared.web.forms import Form, read_form, submit
from shared.web.pages import flash, redirect
from shared.web.paging import Page
from shared.web.tables import as_csv, table_sent

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


class SheetForm(BaseModel):
    """What a programme says of itself."""

    purpose: Text | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    email: Email | None = None
    phone: Line | None = None


class ImportForm(BaseModel):
    """A table of territories: the whole coverage or a part of it, for good or only to look."""

    replace: bool = False
    only_look: bool = False


class TakeUpForm(BaseModel):
    """Whom the département and the collectivité turn to."""

    interlocutor: Line


class DeclineForm(BaseModel):
    """Why the programme is not the answer."""

    motive: Text


class CompletionForm(BaseModel):
    """What the programme brought."""

    report: Text


@get("/programmes")
async def list_programmes(
    request: Asked, database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show the national programmes."""
    return show(
        request,
        "programmes/list.html",
        items=await programmes(database, perimeter=acting.perimeter(agent)),
    )


@get("/programmes/{programme:str}")
async def one_programme(
    request: Asked,
    programme: FromPath[str],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
) -> Template:
    """Show a programme and the requests directed to it."""
    wanted, perimeter, by = programme_named(programme, agent), acting.perimeter(agent), acting.by(agent)
    state = next((known for known in REQUEST_STATES if known == in_state), None)
    return show(
        request,
        "programmes/programme.html",
        sheet=await sheet(database, wanted),
        items=await programme_requests(
            database, wanted, state=state, perimeter=perimeter, by=by, limit=paging.limit, offset=paging.offset
        ),
        total=await count_programme_requests(database, wanted, state=state, perimeter=perimeter),
        paging=paging,
        states=REQUEST_STATES,
        counts=await requests_by_state(database, wanted, perimeter=perimeter),
        means=await averages(database, Narrowed(programme=wanted), perimeter=perimeter),
        chosen=state,
        writes=acts_for_programmes(by),
    )


@get("/programmes/{programme:str}/demandes/{request_id:uuid}")
async def one_request(
    request: Asked,
    programme: FromPath[str],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Template:
    """Show a request that was directed to a programme; that it was read is traced."""
    programme_named(programme, agent)
    return await _request_page(request, database, agent, request_id)


async def _request_page(
    request: Asked,
    database: Database,
    agent: Agent,
    request_id: UUID,
    *,
    status_code: int = 200,
    failed: ProgrammeAction | None = None,
    form: Form[Any] | None = None,
) -> Template:
    found = await programme_request(database, request_id, perimeter=acting.perimeter(agent), by=acting.by(agent))
    return show(
        request,
        "programmes/request.html",
        status_code=status_code,
        item=found,
        states=REQUEST_STATES,
        failed=failed,
        values=form.values if form else {},
        errors=form.errors if form else {},
    )


@get("/programmes/{programme:str}/fiche")
async def show_sheet_form(
    request: Asked, programme: FromPath[str], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show the sheet, to be changed."""
    wanted = programme_named(programme, agent)
    known = await sheet(database, wanted)
    values = {name: getattr(known, name) for name in SheetForm.model_fields}
    return _sheet_page(request, wanted, values, {}, 200)


@post("/programmes/{programme:str}/fiche")
async def write_sheet(
    request: Asked,
    programme: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Write a programme's sheet anew."""
    wanted = programme_named(programme, agent)
    form = await read_form(request, SheetForm)

    async def act(tx: Transaction, typed: SheetForm) -> str:
        await usecases.describe(tx, wanted, **dict(typed), agent=agent, at=clock.now())
        return f"/programmes/{wanted.value}"

    async def again(status_code: int) -> Template:
        return _sheet_page(request, wanted, form.values, form.errors, status_code)

    return await submit(request, database, cause, form, act, again=again, said="La fiche du programme est à jour.")


def _sheet_page(
    request: Asked, programme: Programme, values: Mapping[str, Any], errors: Mapping[str, str], status_code: int
) -> Template:
    return show(
        request,
        "programmes/sheet_form.html",
        status_code=status_code,
        programme=programme,
        values=values,
        errors=errors,
    )


@get("/programmes/{programme:str}/territoires")
async def list_territories(
    request: Asked,
    programme: FromPath[str],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    territories: NamedDependency[Territories],
    departement: Annotated[str, QueryParameter(max_length=3)] = "",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
) -> Template:
    """Show the territories that a programme covers."""
    wanted = programme_named(programme, agent)
    narrowed = departement or None
    return show(
        request,
        "programmes/territories.html",
        programme=wanted,
        items=await territories_covered(
            database, wanted, departement=narrowed, q=q, limit=paging.limit, offset=paging.offset
        ),
        total=await count_territories_covered(database, wanted, departement=narrowed, q=q),
        paging=paging,
        kinds=APPLICANT_KIND,
        departements=[("", "Tous"), *((one.code, f"{one.code} {one.name}") for one in territories.departements())],
        writes=acts_for_programmes(acting.by(agent)),
        source=territories.source.sentence,
    )


@get("/programmes/{programme:str}/territoires.csv")
async def take_territories_home(
    programme: FromPath[str], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Response[bytes]:
    """Give all territories of a programme as a CSV file, which may be brought in again."""
    wanted = programme_named(programme, agent)
    return as_csv(table_of(wanted, await territories_covered(database, wanted)))


@get("/programmes/{programme:str}/territoires/import")
async def show_import(request: Asked, programme: FromPath[str], agent: NamedDependency[Agent]) -> Template:
    """Show where a table of territories is brought in."""
    return _import_page(request, programme_named(programme, agent))


@post("/programmes/{programme:str}/territoires/import", request_max_body_size=LARGEST)
async def import_territories(
    request: Asked,
    programme: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    territories: NamedDependency[Territories],
) -> Template:
    """Bring a table of territories in, or only look what would become of it; report line by line."""
    wanted = programme_named(programme, agent)
    form = await read_form(request, ImportForm)
    try:
        report = await bring_in_table(
            database,
            wanted,
            await table_sent(form),
            replace=form.model is not None and form.model.replace,
            keep=form.model is not None and not form.model.only_look,
            agent=agent,
            territories=territories,
            cause=cause,
        )
    except Invalid as refusal:
        form.refuse(refusal)
        return _import_page(request, wanted, form=form, status_code=400)
    return _import_page(request, wanted, form=form, report=report)


def _import_page(
    request: Asked,
    programme: Programme,
    *,
    form: Form[Any] | None = None,
    report: list[Reported] | None = None,
    status_code: int = 200,
) -> Template:
    return show(
        request,
        "programmes/import.html",
        status_code=status_code,
        programme=programme,
        values=form.values if form else {"only_look": "true"},
        errors=form.errors if form else {},
        report=report,
        counts=counts(report or ()),
        headings=COLUMNS,
        results=RESULTS,
    )


@post("/programmes/{programme:str}/territoires/{kind:str}/{code:str}/retrait")
async def take_out_territory(
    request: Asked,
    programme: FromPath[str],
    kind: FromPath[ApplicantKind],
    code: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect:
    """Take a territory out of a programme's coverage."""
    wanted = programme_named(programme, agent)
    async with database.transaction(cause) as tx:
        await usecases.take_out_territory(tx, wanted, kind, code, agent=agent, at=clock.now())
    flash(request, "Le territoire ne fait plus partie du programme.")
    return redirect(f"/programmes/{wanted.value}/territoires")


@post("/programmes/{programme:str}/demandes/{request_id:uuid}/take-up")
async def take_up(
    request: Asked,
    programme: FromPath[str],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Take a request up."""
    wanted = programme_named(programme, agent)
    form = await read_form(request, TakeUpForm)

    async def act(tx: Transaction, typed: TakeUpForm) -> None:
        await usecases.take_up(tx, wanted, request_id, interlocutor=typed.interlocutor, agent=agent, at=clock.now())

    move = _Move(request, wanted, request_id, ProgrammeAction.TAKE_UP, form)
    return await _moved(move, database, cause, agent, act, said="La demande est prise en charge.")


@post("/programmes/{programme:str}/demandes/{request_id:uuid}/decline")
async def decline(
    request: Asked,
    programme: FromPath[str],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Give a request back to the département."""
    wanted = programme_named(programme, agent)
    form = await read_form(request, DeclineForm)

    async def act(tx: Transaction, typed: DeclineForm) -> None:
        await usecases.decline(tx, wanted, request_id, motive=typed.motive, agent=agent, at=clock.now())

    move = _Move(request, wanted, request_id, ProgrammeAction.DECLINE, form)
    return await _moved(move, database, cause, agent, act, said="La demande est rendue au département.")


@post("/programmes/{programme:str}/demandes/{request_id:uuid}/completion")
async def complete(
    request: Asked,
    programme: FromPath[str],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
) -> Redirect | Template:
    """Say that the programme has done its part."""
    wanted = programme_named(programme, agent)
    form = await read_form(request, CompletionForm)

    async def act(tx: Transaction, typed: CompletionForm) -> None:
        await usecases.complete(
            tx, wanted, request_id, report=typed.report, agent=agent, durations=durations, at=clock.now()
        )

    move = _Move(request, wanted, request_id, ProgrammeAction.COMPLETION, form)
    said = "L’appui du programme est terminé. Le demandeur est invité à donner son avis."
    return await _moved(move, database, cause, agent, act, said=said)


@dataclass(frozen=True, slots=True)
class _Move:
    """A move that was asked for by the form on a request's page."""

    request: Asked
    programme: Programme
    request_id: UUID
    action: ProgrammeAction
    form: Form[Any]


async def _moved(
    move: _Move,
    database: Database,
    cause: Cause,
    agent: Agent,
    act: Callable[[Transaction, Any], Awaitable[None]],
    *,
    said: str,
) -> Redirect | Template:
    async def done(tx: Transaction, typed: BaseModel) -> str:
        await act(tx, typed)
        return f"/programmes/{move.programme.value}/demandes/{move.request_id}"

    async def again(status_code: int) -> Template:
        return await _request_page(
            move.request,
            database,
            agent,
            move.request_id,
            status_code=status_code,
            failed=move.action,
            form=move.form,
        )

    return await submit(move.request, database, cause, move.form, done, again=again, said=said)


routes = [
    list_programmes,
    one_programme,
    one_request,
    show_sheet_form,
    write_sheet,
    list_territories,
    take_territories_home,
    show_import,
    import_territories,
    take_out_territory,
    take_up,
    decline,
    complete,
]
