"""The page of a case: who asks for what, since when, what may be done now, and all that gathered."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from services.qualification.domain.cost import is_fully_covered
from services.qualification.domain.moves import UNDECIDED, State
from services.qualification.reads import case as reads
from services.qualification.reads.case import CaseView
from services.qualification.reads.colleagues import colleagues
from services.qualification.reads.queue import Filters, cases
from services.qualification.usecases.looking import look_at_case, note_document_opened
from services.qualification.usecases.telling import official
from services.qualification.web import words as pages_words
from services.qualification.web.asked import Asked
from services.qualification.web.visit import Visit
from shared import clock
from shared.contracts import escalation
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import ApplicantKind, CommitteeOutcome, Outcome, Role
from shared.db import Transaction
from shared.french import words
from shared.surroundings import public_page
from shared.web.forms import Form
from shared.web.pages import redirect, render
from shared.web.paging import Page

BESIDE = Page(per_page=15)
"""How much of the queue is shown beside a case."""


@get("/demandes/{request_id:uuid}")
async def show_case(
    request_id: FromPath[UUID], visit: NamedDependency[Visit], asked: NamedDependency[Asked]
) -> Response[Any]:
    """Show one case; the consultation is traced."""
    return await case_page(visit, request_id, filters=asked.filters)


@get("/demandes/{request_id:uuid}/impression")
async def print_case(request_id: FromPath[UUID], visit: NamedDependency[Visit]) -> Response[Any]:
    """Show one case as a document for A4; the consultation is traced."""
    async with visit.database.transaction(visit.cause) as tx:
        view = await look_at_case(tx, request_id, by=visit.agent, today=visit.today)
    return render(
        visit.request,
        "cases/print.html",
        kept=visit.kept,
        here=f"/demandes/{request_id}",
        today=visit.today,
        **_gathered(visit, view),
        **described(visit, view),
    )


@get("/demandes/{request_id:uuid}/documents/{document_id:uuid}")
async def open_document(
    request_id: FromPath[UUID], document_id: FromPath[UUID], visit: NamedDependency[Visit]
) -> Redirect:
    """Send an agent to a joined file; who opened it is recorded."""
    at = clock.now()
    async with visit.database.transaction(visit.cause) as tx:
        await note_document_opened(tx, request_id, document_id, by=visit.agent, at=at)
    return redirect(visit.desk.document_at_intake(document_id, at=at))


async def case_page(
    visit: Visit,
    request_id: UUID,
    *,
    filters: Filters | None = None,
    form: Form[Any] | None = None,
    status: int = 200,
) -> Response[Any]:
    """Show the page of a case, with what was typed in one of its forms if that was refused."""
    async with visit.database.transaction(visit.cause) as tx:
        view = await look_at_case(tx, request_id, by=visit.agent, today=visit.today)
        around = await _around(visit, tx, view, filters or Filters())
    return render(
        visit.request,
        "cases/case.html",
        status_code=status,
        values=form.values if form else {},
        errors=form.errors if form else {},
        kept=visit.kept,
        here=f"/demandes/{request_id}",
        today=visit.today,
        **around,
        **_gathered(visit, view),
        **described(visit, view),
    )


def described(visit: Visit, view: CaseView) -> dict[str, Any]:
    """Give what every page about one case says of it."""
    applicant = view.request.applicant
    epci = visit.desk.territories.find(ApplicantKind.EPCI, applicant.epci) if applicant.epci else None
    departement = visit.desk.territories.find(ApplicantKind.DEPARTEMENT, view.departement)
    within = f"{departement.name} ({view.departement})" if departement else view.departement
    return {
        "case": view,
        "where": f"{epci.full_name}, {within}" if epci else within,
        "service_in_charge": visit.desk.rules.service(view.departement),
        "applicant": applicant,
        "filed_by": _filed_by(view.request.filed_by),
        "territories_source": visit.desk.territories.source.sentence,
        "public_page": public_page(visit.desk.intake_url, applicant),
        "applicant_kind": words.word(applicant.kind),
        "request_kind": words.word(view.request.kind),
        "support_types": pages_words.labels(view.request.support_types),
        "fields_asked": pages_words.labels(view.request.fields),
        "programme_asked": words.word(view.request.programme) if view.request.programme else None,
        "state": (words.state_word(view.state), pages_words.TONES[view.state]),
        "stage": words.STAGE.get(view.stage) if view.stage else None,  # type: ignore[call-overload] # a wire value
        "fully_covered": is_fully_covered(applicant),
        "marks": pages_words.MARKS,
        "outcome_words": words.OUTCOME,
        "support_words": pages_words.labels(view.proposal.support_types) if view.proposal else [],
        "programme_words": words.PROGRAMME,
        "motive_words": words.ESCALATION_MOTIVE,
        "offer_words": words.LOCAL_OFFER,
    }


def _filed_by(who: Actor | None) -> str | None:
    """Name the agent who filed for the collectivité; nobody when it filed by itself."""
    return f"{who.name}, pour la collectivité" if who and who.role is not Role.APPLICANT else None


async def _around(visit: Visit, tx: Transaction, view: CaseView, filters: Filters) -> dict[str, Any]:
    beside = await cases(
        tx,
        filters,
        perimeter=visit.agent.perimeter,
        who=official(visit.agent),
        today=visit.today,
        page=BESIDE,
    )
    return {
        "queue": [
            {
                "href": f"/demandes/{item.request_id}{visit.kept}",
                "title": item.title,
                "number": item.number,
                "text": item.applicant_name,
                "state": (words.state_word(item.state), pages_words.TONES[item.state]),
                "deadline": (item.due_on, visit.today) if item.due_on else None,
            }
            for item in beside
        ],
        "matches": await reads.matches(tx, view, visit.today) if view.state in UNDECIDED else None,
        "envelope_left": await _envelope_left(visit, tx, view),
        "profile": await visit.desk.profile(tx, view, visit.today),
        "colleague": visit.agent.email,
        "colleagues": [
            (one.email, one.name)
            for one in await colleagues(tx, perimeter=[view.departement])
            if one.email != view.assignee_email
        ],
    }


async def _envelope_left(visit: Visit, tx: Transaction, view: CaseView) -> int | None:
    """Tell what is left of the year's envelope, in euro cents, where a support on it waits for its validation."""
    if view.state != State.PROPOSED or view.proposal is None or view.proposal.outcome is not Outcome.LOCAL_SUPPORT:
        return None
    return (await visit.desk.envelope(tx, [view.departement], visit.today)).left_cents


def _gathered(visit: Visit, view: CaseView) -> dict[str, Any]:
    """Give what gathered in the case, on the screen and on paper."""
    return {
        "states": words.STATE,
        "tones": pages_words.TONES,
        "expected": _expected(view, visit.today),
        "proposals": [(outcome.value, *said) for outcome, said in pages_words.PROPOSALS.items()],
        "messages": [
            {
                "author": message.author or pages_words.WRITERS[message.team][0],
                "team": pages_words.WRITERS[message.team][1],
                "at": message.at,
                "text": message.text,
                "mine": message.team == "departement",
            }
            for message in view.messages
        ],
        "notes": [{"author": note.author, "at": note.at, "text": note.text, "mine": True} for note in view.notes],
        "documents": [
            {
                "name": document.name,
                "href": f"/demandes/{view.request_id}/documents/{document.id}",
                "size": document.size,
                "at": document.added_at,
            }
            for document in view.documents
        ],
        "orientations": [(each, *pages_words.ORIENTATIONS[each.state]) for each in view.orientations],
        "thread": _thread(view, visit.today),
    }


def _thread(view: CaseView, today: date) -> list[dict[str, Any]]:
    """Give the stitches, oldest first, and the one that is awaited."""
    stitches: list[dict[str, Any]] = [
        {
            "at": entry.at,
            "label": entry.label,
            "team": entry.team,
            "detail": entry.detail,
            "state": pages_words.ENTRIES.get(entry.type, "done"),
        }
        for entry in view.timeline
    ]
    awaited = _expected(view, today)
    if awaited:
        due = view.answer_until or view.due_on or (view.question.until if view.question else None)
        state = "late" if view.overdue else "waiting"
        stitches.append({"at": due, "label": awaited[0], "team": _awaited_team(view.state), "state": state})
    return stitches


def _expected(view: CaseView, today: date) -> tuple[str, str] | None:
    """Say what is expected now; nothing when the département's part is over."""
    if view.answer_until is not None and view.answer_until < today:
        return pages_words.UNANSWERED
    if view.state == State.UNDER_EXAMINATION and view.qualification is None:
        return pages_words.TO_QUALIFY
    if view.state == State.ORIENTED_LOCALLY and view.orientations:
        return pages_words.OF_PROVIDER.get(view.orientations[-1].state)
    if view.state in {State.ESCALATED, State.DIRECTED_TO_PROGRAMME}:
        return _expected_elsewhere(view)
    return pages_words.EXPECTED.get(view.state)


def _expected_elsewhere(view: CaseView) -> tuple[str, str] | None:
    for entry in reversed(view.timeline):
        outcome = _committee_outcome(entry.fact)
        if outcome is CommitteeOutcome.REFUSED:
            return None
        if entry.type in pages_words.ELSEWHERE and outcome is not CommitteeOutcome.DEFERRED:
            return pages_words.ELSEWHERE[entry.type]
    return None


def _committee_outcome(fact: Fact | None) -> CommitteeOutcome | None:
    if isinstance(fact, escalation.DecisionMade | escalation.DecisionCorrected):
        return fact.decision.outcome
    return None


def _awaited_team(state: str) -> str:
    return {
        State.AWAITING_INFORMATION: "applicant",
        State.ESCALATED: "national",
        State.DIRECTED_TO_PROGRAMME: "national",
        State.ORIENTED_LOCALLY: "provider",
    }.get(State(state), "departement")


ROUTES = (show_case, print_case, open_document)
