"""The committee's pages: sessions with their agendas and minutes, the register of decisions, and each decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from services.escalation.domain.committee import MemberRole, Presence
from services.escalation.domain.decisions import DECIDING
from services.escalation.domain.moves import Action
from services.escalation.reads.committee import (
    AgendaRow,
    DecisionRow,
    SessionView,
    WaitingRow,
    count_decisions,
    decisions,
    sessions,
    waiting,
)
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.means import EnvelopeRow, envelope_of_request, promised_cents
from services.escalation.reads.minutes import approvers
from services.escalation.store.committee import NoSuchSession
from services.escalation.usecases.committee import MEMBER_ROLES
from services.escalation.web import actions, papers
from services.escalation.web.answers import (
    read_decision,
    read_escalation,
    read_minutes,
    read_session,
    read_session_file,
)
from services.escalation.web.context import AgentContext
from services.escalation.web.readers import committee_readers, whole_country
from services.escalation.web.showing import choices, show
from services.escalation.web.territory import territory_shown
from shared.contracts.vocabulary import CommitteeOutcome, ReserveBlocks, SupportType
from shared.french.dates import date_fr
from shared.french.numbers import euros_typed
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.paging import Page
from shared.web.pdf import render_pdf

SUPPORT_TYPES = choices(SupportType)
RESERVE_BLOCKS = choices(ReserveBlocks)


@get("/comite")
async def list_sessions(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """Show the sessions, and the form that plans one."""
    return await _sessions_page(context, paging)


async def _sessions_page(context: AgentContext, paging: Page, *, refused: Refused | None = None) -> Template:
    found = await sessions(context.database, state=None, by=context.by, today=context.today, page=paging)
    return show(
        context,
        "committee/sessions.html",
        refused=refused,
        values={"title": "Comité de suivi de projet"},
        items=found.items,
        total=found.total,
        paging=paging,
        may_plan=context.by.may(Action.PLANNING),
    )


async def _first_sessions(context: AgentContext, *, refused: Refused) -> Template:
    return await _sessions_page(context, Page(), refused=refused)


async def one_session(context: AgentContext, session_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show a session: agenda, decisions, presence, closing."""
    held = await read_session(context, context.database, session_id)
    may_schedule = held.state == "open" and context.by.may(Action.SCHEDULE)
    draft = await read_minutes(context, context.database, session_id)
    later = await approvers(context.database, session_id, today=context.today) if draft.allowed_actions else []
    return show(
        context,
        "committee/session.html",
        refused=refused,
        session=held,
        minutes=draft,
        file=await read_session_file(context, context.database, session_id),
        approvers=[(one.id, f"{one.title}, {date_fr(one.held_on)}") for one in later],
        seats=[_seat(held, name) for name in held.members],
        waiting=[_offered(one) for one in await waiting(context.database)] if may_schedule else [],
    )


@dataclass(frozen=True, slots=True)
class SeatView:
    """A member in the form of the attendance: who it is, how the member attends, and what is offered."""

    name: str
    label: str
    presence: Presence
    offered: list[tuple[str, str]]

    @property
    def said(self) -> str:
        """How the member attends, in words."""
        return dict(self.offered)[self.presence.value]


def _seat(held: SessionView, name: str) -> SeatView:
    role, alternate = held.roles.get(name, MemberRole.VOTING), held.alternates.get(name)
    noted = {Presence.PRESENT: held.present, Presence.REPRESENTED: held.represented, Presence.EXCUSED: held.excused}
    offered = [
        (Presence.PRESENT.value, "Présence"),
        *([(Presence.REPRESENTED.value, f"Représentation par {alternate}")] if alternate else []),
        (Presence.EXCUSED.value, "Absence excusée"),
        (Presence.ABSENT.value, "Absence"),
    ]
    return SeatView(
        name,
        name if role is MemberRole.VOTING else f"{name} ({MEMBER_ROLES[role]})",
        next((presence for presence, group in noted.items() if name in group), Presence.ABSENT),
        offered,
    )


def _offered(one: WaitingRow) -> tuple[str, str, str]:
    """Make a choice of the form that puts dossiers on the agenda."""
    since = "Reporté" if one.deferred else "Recevable"
    return str(one.request_id), one.title, f"{since} – {one.number}, {one.applicant_name} ({one.departement})"


@get("/comite/{session_id:uuid}/compte-rendu")
async def printed_minutes(context: NamedDependency[AgentContext], session_id: FromPath[UUID]) -> Template:
    """Show the minutes as a document to print."""
    return await papers.minutes_page(context, session_id)


@get("/comite/{session_id:uuid}/compte-rendu.pdf")
async def minutes_on_paper(context: NamedDependency[AgentContext], session_id: FromPath[UUID]) -> Response[bytes]:
    """Return the minutes as a PDF."""
    return await papers.minutes_as_pdf(context, session_id)


@get("/comite/{session_id:uuid}/dossier-de-seance.pdf")
async def session_file_on_paper(context: NamedDependency[AgentContext], session_id: FromPath[UUID]) -> Response[bytes]:
    """Return the bound file of a session; that its dossiers were read is traced."""
    return await papers.session_file_as_pdf(context, session_id)


async def decision_form(
    context: AgentContext, session_id: UUID, request_id: UUID, *, refused: Refused | None = None
) -> Template:
    """Show the dossier in short, with the form of the decision; that it was read is traced."""
    held, item = await _item(context, session_id, request_id)
    found = await read_escalation(context, context.database, request_id)
    return show(
        context,
        "committee/decision.html",
        refused=refused,
        session=held,
        item=item,
        dossier=found,
        outcomes=choices(CommitteeOutcome),
        support_types=SUPPORT_TYPES,
        deciding=await _deciding(context, found, held, voters=item.voters),
        able=[(name, name) for name in held.members if name not in {one.member for one in item.recusals}],
        reserve_blocks=RESERVE_BLOCKS,
    )


@dataclass(frozen=True, slots=True)
class DecidingView:
    """What stands beside the amount and the votes of a decision; amounts in euro cents.

    `promised_cents` is granted and not mobilised yet; `voters` are those who vote on it, None outside a session.
    """

    asked: Sequence[SupportType]
    envelope: EnvelopeRow | None
    promised_cents: int
    plausible_cents: int
    voters: int | None = None
    quorum: int | None = None


async def _deciding(
    context: AgentContext, dossier: EscalationView, held: SessionView | None = None, *, voters: int | None = None
) -> DecidingView:
    envelope = await envelope_of_request(context.database, dossier.request_id, year=context.today.year, by=context.by)
    return DecidingView(
        dossier.request.support_types,
        envelope,
        await promised_cents(context.database, envelope) if envelope else 0,
        context.parts.plausible_grant_cents,
        voters,
        held.quorum if held else None,
    )


async def _item(context: AgentContext, session_id: UUID, request_id: UUID) -> tuple[SessionView, AgendaRow]:
    """Return a session, and a dossier of its agenda."""
    held = await read_session(context, context.database, session_id)
    item = next((item for item in held.agenda if item.request_id == request_id), None)
    if item is None:
        raise NoSuchSession
    return held, item


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}/fiche")
async def preparation_sheet(
    context: NamedDependency[AgentContext], session_id: FromPath[UUID], request_id: FromPath[UUID]
) -> Template:
    """Show what the members read before they decide on a dossier; that it was read is traced."""
    return await _sheet(context, session_id, request_id)


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}/fiche.pdf")
async def preparation_sheet_on_paper(
    context: NamedDependency[AgentContext], session_id: FromPath[UUID], request_id: FromPath[UUID]
) -> Response[bytes]:
    """Return the preparation sheet as a PDF."""
    page = await _sheet(context, session_id, request_id)
    return await render_pdf(context.request, page, name=f"fiche-{page.context['item'].number}")


async def _sheet(context: AgentContext, session_id: UUID, request_id: UUID) -> Template:
    held, item = await _item(context, session_id, request_id)
    found = await read_escalation(context, context.database, request_id)
    return show(
        context,
        "committee/sheet.html",
        session=held,
        item=item,
        dossier=found,
        territory=await territory_shown(context.database, context.parts, context.perimeter, found, today=context.today),
    )


@get("/decisions")
async def register(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Template:
    """Show the register of decisions; or those whose reserve waits, the nearest date first."""
    seen = context.agent.perimeter
    standing = context.request.query_params.get("reserve") == "a-lever"
    found = await decisions(context.database, departements=seen, standing_reserve=standing, by=context.by, page=paging)
    return show(
        context,
        "committee/decisions.html",
        items=found.items,
        total=found.total,
        waiting=await count_decisions(context.database, departements=seen, standing_reserve=True),
        standing=standing,
        paging=paging,
    )


@get("/decisions/{decision_id:uuid}")
async def printed_decision(context: NamedDependency[AgentContext], decision_id: FromPath[UUID]) -> Template:
    """Show one decision as a document to print."""
    return await papers.decision_page(context, decision_id)


@get("/decisions/{decision_id:uuid}/decision.pdf")
async def decision_on_paper(context: NamedDependency[AgentContext], decision_id: FromPath[UUID]) -> Response[bytes]:
    """Return one decision as a PDF."""
    return await papers.decision_as_pdf(context, decision_id)


async def correction_form(context: AgentContext, decision_id: UUID, *, refused: Refused | None = None) -> Template:
    """Show the form of the decision that replaces this one, filled in with what this one says."""
    replaced = await read_decision(context, context.database, decision_id)
    dossier = await read_escalation(context, context.database, replaced.request_id)
    return show(
        context,
        "committee/correction.html",
        refused=refused,
        values=_typed(replaced),
        replaced=replaced,
        dossier=dossier,
        deciding=await _deciding(context, dossier),
        reserve_blocks=RESERVE_BLOCKS,
        outcomes=choices(outcome for outcome in CommitteeOutcome if outcome in DECIDING),
        support_types=SUPPORT_TYPES,
    )


def _typed(decision: DecisionRow) -> dict[str, Any]:
    """Return what a form shows that begins with a decision on record; how it was voted is not taken over."""
    return {
        "outcome": decision.outcome.value,
        "motive": decision.motive,
        "support_types": [support.value for support in decision.support_types],
        "amount_cents": euros_typed(decision.amount_cents),
        "reserve": decision.reserve,
        "reserve_until": decision.reserve_until,
        "reserve_blocks": decision.reserve_blocks,
        "signatory": decision.signatory,
        "override_reason": decision.override_reason,
    }


SESSIONS = Resource(page="/comite", show=_first_sessions)
SESSION = Resource(page="/comite/{session_id:uuid}", show=one_session)
DECISION_IN_SESSION = Resource(page="/comite/{session_id:uuid}/dossiers/{request_id:uuid}", show=decision_form)
DECISION = Resource(page="/decisions/{decision_id:uuid}", show=correction_form)
CORRECTION = Resource(page="/decisions/{decision_id:uuid}/correction", show=correction_form)

routes = [
    Router(
        "/",
        route_handlers=[
            list_sessions,
            page_read(SESSION),
            *page_routes(SESSIONS, [actions.PLANNING]),
            *page_routes(SESSION, [*actions.ON_SESSIONS, actions.SCHEDULING, *actions.ON_MINUTES, actions.FILE]),
            printed_minutes,
            minutes_on_paper,
            session_file_on_paper,
            page_read(DECISION_IN_SESSION),
            *page_routes(DECISION_IN_SESSION, [actions.DECISION, *actions.RECUSALS]),
            preparation_sheet,
            preparation_sheet_on_paper,
        ],
        guards=[whole_country],
    ),
    Router(
        "/",
        route_handlers=[
            register,
            printed_decision,
            decision_on_paper,
            page_read(CORRECTION),
            *page_routes(DECISION, [actions.CORRECTION]),
        ],
        guards=[committee_readers],
    ),
]
