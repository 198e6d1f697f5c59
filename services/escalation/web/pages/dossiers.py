"""The queue of dossiers, and the page of one of them."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template

from services.escalation.domain.moves import Action, State
from services.escalation.reads.committee import sessions
from services.escalation.reads.directory import operators
from services.escalation.reads.dossiers import (
    Filters,
    count_by_state,
    count_dossiers,
    departements,
    dossiers,
)
from services.escalation.usecases import acting, consultations
from services.escalation.usecases.recording import day
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages import presenting
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.pages.territory import territory_shown
from services.escalation.web.whole import whole
from shared import clock
from shared.contracts.vocabulary import Field, Programme
from shared.db import Cause, Database
from shared.french.words import state_word, word
from shared.identity.model import Agent
from shared.territory import Territories
from shared.web.pages import redirect
from shared.web.paging import Page

IN_QUEUE = 30
"""Dossiers beside the one that is open."""
SESSIONS_OFFERED = 50
OPERATORS_OFFERED = 200
AGES = {"15": "Plus de 15 jours", "30": "Plus d’un mois", "90": "Plus de trois mois", "180": "Plus de six mois"}
_IN_THE_ADDRESS = ("state", "departement", "programme", "q", "overdue", "field", "older")


@get("/")
async def queue(
    request: Asked,
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    in_state: Annotated[str, QueryParameter(name="state")] = "",
    departement: Annotated[str, QueryParameter(max_length=3)] = "",
    programme: Annotated[str, QueryParameter()] = "",
    q: Annotated[str, QueryParameter(max_length=200)] = "",
    late: Annotated[str, QueryParameter(name="overdue")] = "",
    field: Annotated[str, QueryParameter()] = "",
    older: Annotated[str, QueryParameter(max_length=5)] = "",
) -> Template:
    """Show the dossiers, those with the nearest date first; the filters are in the address."""
    filters = _filters(in_state, departement, programme, q, late, field, older)
    perimeter, today = acting.perimeter(agent), day(clock.now())
    counts = await count_by_state(database, perimeter=perimeter)
    overdue = Filters(overdue=True)
    return show(
        request,
        "dossiers/queue.html",
        items=await dossiers(
            database,
            filters,
            perimeter=perimeter,
            by=acting.by(agent),
            today=today,
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_dossiers(database, filters, perimeter=perimeter, today=today),
        late=await count_dossiers(database, overdue, perimeter=perimeter, today=today),
        paging=paging,
        counts=[(state, counts[state]) for state in State if state in counts],
        chosen=filters,
        search_filters=_offered(await departements(database, perimeter=perimeter)),
    )


@get("/demandes/{request_id:uuid}")
async def dossier(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Template:
    """Show one dossier; that it was read is traced."""
    return await dossier_page(request, database, request_id, agent, document_links, territories)


@get("/demandes/{request_id:uuid}/documents/{document_id:uuid}")
async def open_document(
    request_id: FromPath[UUID],
    document_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect:
    """Lead to a document at intake, for a minute; who opened it is recorded."""
    at = clock.now()
    async with database.transaction(cause) as tx:
        await consultations.open_document(tx, request_id, document_id, agent=agent, at=at)
    return redirect(document_links.at_intake(document_id, at=at))


async def dossier_page(
    request: Asked,
    database: Database,
    request_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    territories: Territories,
    *,
    status_code: int = 200,
    failed: str | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    """Make the page of a dossier, with the form that `failed` open as it was typed."""
    by, today = acting.by(agent), day(clock.now())
    perimeter = acting.perimeter(agent)
    found = await whole(database, request_id, agent, document_links)
    asked = request.query_params
    filters = _filters(*(asked.get(name, "") for name in _IN_THE_ADDRESS))
    beside = await dossiers(database, filters, perimeter=perimeter, by=by, today=today, limit=IN_QUEUE, offset=0)
    open_sessions = await sessions(database, state="open", by=by, limit=SESSIONS_OFFERED, offset=0)
    known = await operators(database, field=None, active=True, by=by, limit=OPERATORS_OFFERED, offset=0)
    kept = f"?{request.scope['query_string'].decode('latin-1')}" if request.scope["query_string"] else ""
    return show(
        request,
        "dossiers/dossier.html",
        status_code=status_code,
        dossier=found,
        beside=[presenting.beside(item, kept, today) for item in beside],
        filters_kept=kept,
        offered={
            "milestones": [(str(milestone.id), milestone.title) for milestone in found.milestones],
            "operators": [(str(one.id), one.name) for one in known],
            "sessions": [presenting.session_option(session) for session in open_sessions],
        },
        **await territory_shown(database, found, agent, territories, document_links),
        messages=presenting.messages(found),
        documents=presenting.documents(found),
        life=presenting.life(found),
        notes=presenting.notes(found),
        may_note=by.may(Action.NOTES),
        failed=failed,
        values=values or {},
        errors=errors or {},
    )


def _filters(state: str, departement: str, programme: str, q: str, overdue: str, field: str, older: str) -> Filters:
    """Read the filters of the address; values that do not exist narrow nothing."""
    return Filters(
        State(state) if state in {known.value for known in State} else None,
        departement or None,
        Programme(programme) if programme in {known.value for known in Programme} else None,
        q or None,
        overdue=bool(overdue),
        field=Field(field) if field in {known.value for known in Field} else None,
        older=int(older) if older in AGES else None,
    )


def _offered(seen: list[str]) -> list[dict[str, Any]]:
    """Give the filters that the search form offers."""
    return [
        {
            "name": "state",
            "label": "État",
            "options": [("", "Tous"), *((state.value, state_word(state.value)) for state in State)],
        },
        {"name": "departement", "label": "Département", "options": [("", "Tous"), *((code, code) for code in seen)]},
        {
            "name": "programme",
            "label": "Programme",
            "options": [("", "Tous"), *((programme.value, word(programme)) for programme in Programme)],
        },
        {
            "name": "field",
            "label": "Thématique",
            "options": [("", "Toutes"), *((field.value, word(field)) for field in Field)],
        },
        {"name": "older", "label": "Ancienneté", "options": [("", "Toutes"), *AGES.items()]},
        {"name": "overdue", "label": "Échéance", "options": [("", "Toutes"), ("1", "Dépassée")]},
    ]


routes = [queue, dossier, open_document]
