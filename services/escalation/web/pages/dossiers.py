"""The queue of dossiers, and the page of one of them with its forms."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
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
from services.escalation.web import actions, files
from services.escalation.web.answers import read_escalation
from services.escalation.web.context import AgentContext
from services.escalation.web.pages import presenting
from services.escalation.web.readers import committee_readers
from services.escalation.web.showing import FilterView, choices, known, show
from services.escalation.web.territory import territory_shown
from shared.contracts.vocabulary import Field, Programme
from shared.french.words import state_word
from shared.web.actions import Refused, Resource, offered, page_read, page_routes
from shared.web.deliverables import ONE_FILE, take_form
from shared.web.paging import Page

IN_QUEUE = 30
"""Dossiers beside the one that is open."""
SESSIONS_OFFERED = Page(per_page=50)
OPERATORS_OFFERED = Page(per_page=200)
LONGEST_SEARCH = 200
AGES = {"15": "Plus de 15 jours", "30": "Plus d’un mois", "90": "Plus de trois mois", "180": "Plus de six mois"}


@get("/")
async def queue(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """Show the dossiers, those with the nearest date first; the filters are in the address."""
    filters = _filters(context)
    perimeter, today = context.perimeter, context.today
    counts = await count_by_state(context.database, perimeter=perimeter)
    return show(
        context,
        "dossiers/queue.html",
        items=await dossiers(
            context.database,
            filters,
            perimeter=perimeter,
            by=context.by,
            today=today,
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_dossiers(context.database, filters, perimeter=perimeter, today=today),
        late=await count_dossiers(context.database, Filters(overdue=True), perimeter=perimeter, today=today),
        paging=paging,
        counts=[(state, counts[state]) for state in State if state in counts],
        chosen=filters,
        search_filters=_offered(await departements(context.database, perimeter=perimeter)),
    )


def _filters(context: AgentContext) -> Filters:
    """Read the filters of the address; values that do not exist narrow nothing."""
    asked = context.request.query_params
    older = asked.get("older")
    return Filters(
        known(State, asked.get("state")),
        asked.get("departement") or None,
        known(Programme, asked.get("programme")),
        asked.get("q", "")[:LONGEST_SEARCH] or None,
        overdue=bool(asked.get("overdue")),
        field=known(Field, asked.get("field")),
        older=int(older) if older in AGES else None,
    )


def _offered(seen: list[str]) -> list[FilterView]:
    """Return the filters that the search form offers; `seen` are the départements of the reader's dossiers."""
    return [
        FilterView("state", "État", [("", "Tous"), *((state.value, state_word(state.value)) for state in State)]),
        FilterView("departement", "Département", [("", "Tous"), *((code, code) for code in seen)]),
        FilterView("programme", "Programme", choices(Programme, blank="Tous")),
        FilterView("field", "Thématique", choices(Field, blank="Toutes")),
        FilterView("older", "Ancienneté", [("", "Toutes"), *AGES.items()]),
        FilterView("overdue", "Échéance", [("", "Toutes"), ("1", "Dépassée")]),
    ]


async def dossier(context: AgentContext, request_id: UUID, *_: UUID, refused: Refused | None = None) -> Template:
    """Show one dossier; that it was read is traced."""
    found = await read_escalation(context, context.database, request_id)
    beside = await dossiers(
        context.database,
        _filters(context),
        perimeter=context.perimeter,
        by=context.by,
        today=context.today,
        limit=IN_QUEUE,
        offset=0,
    )
    open_sessions = await sessions(
        context.database, state="open", by=context.by, today=context.today, page=SESSIONS_OFFERED
    )
    directory = await operators(context.database, field=None, active=True, by=context.by, page=OPERATORS_OFFERED)
    return show(
        context,
        "dossiers/dossier.html",
        refused=refused,
        dossier=found,
        view=presenting.DossierView(
            beside=[presenting.QueueEntryView.of(item, query=context.query, today=context.today) for item in beside],
            query=context.query,
            forms=offered(actions.FORMS_OF_A_DOSSIER, found.allowed_actions),
            milestones=[(str(milestone.id), milestone.title) for milestone in found.milestones],
            operators=[(str(one.id), one.name) for one in directory.items],
            sessions=[presenting.session_option(session) for session in open_sessions.items],
            territory=await territory_shown(
                context.database, context.parts, context.perimeter, found, today=context.today
            ),
            may_note=context.by.may(Action.NOTES),
        ),
        messages=presenting.messages(found),
        documents=presenting.documents(found),
        timeline=presenting.timeline(found),
        notes=presenting.notes(found),
    )


async def _dossier_of_decision(context: AgentContext, _: UUID, *, refused: Refused) -> Template:
    return await dossier(context, context.request.path_params["request_id"], refused=refused)


@get("/demandes/{request_id:uuid}/documents/{document_id:uuid}")
async def open_document(
    context: NamedDependency[AgentContext], request_id: FromPath[UUID], document_id: FromPath[UUID]
) -> Redirect:
    """Lead to a document at intake, for a minute; who opened it is recorded."""
    return await files.open_document(context, request_id, document_id)


@post("/demandes/{request_id:uuid}/livrable", guards=[committee_readers], request_max_body_size=ONE_FILE)
async def join_deliverable(context: NamedDependency[AgentContext], request_id: FromPath[UUID]) -> Response[Any]:
    """Join a file that came out of the work."""
    return await take_form(context, actions.DELIVERABLE, request_id, show=dossier)


DOSSIER = Resource(page="/demandes/{request_id:uuid}", show=dossier)
MOBILISATION = Resource(
    page="/demandes/{request_id:uuid}/mobilisations/{mobilisation_id:uuid}",
    show=dossier,
)
DECISION = Resource(
    page="/demandes/{request_id:uuid}/decisions/{decision_id:uuid}",
    show=_dossier_of_decision,
    read_by_context=["request_id"],
)

routes = [
    queue,
    page_read(DOSSIER),
    *page_routes(DOSSIER, [*actions.ON_DOSSIERS, actions.PROGRESS]),
    *page_routes(MOBILISATION, actions.STEPS_OF_MOBILISATIONS),
    *page_routes(DECISION, [actions.RESERVE]),
    join_deliverable,
    open_document,
]
