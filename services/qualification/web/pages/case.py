"""The page of a case: what is asked, since when, what may be done now, and all that belongs to it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from services.qualification.domain.appeals import default_quality
from services.qualification.domain.cost import is_fully_covered
from services.qualification.domain.matching import Match
from services.qualification.domain.moves import ANSWERED_LOCALLY, UNDECIDED, State
from services.qualification.reads import case as reads
from services.qualification.reads.case import CaseView
from services.qualification.reads.colleagues import colleagues
from services.qualification.reads.queue import Filters, QueueItemView, cases
from services.qualification.web import words as pages_words
from services.qualification.web.actions import DELIVERABLE, ON_CASES, ON_LOCAL_WORK, STOP
from services.qualification.web.context import AgentContext
from shared import clock
from shared.contracts import escalation, qualification
from shared.contracts.fact import Fact
from shared.contracts.qualification import Service
from shared.contracts.vocabulary import ApplicantKind, CommitteeOutcome, Outcome, Role, Team
from shared.db import Reader
from shared.french import words
from shared.french.dates import datetime_fr
from shared.surroundings import Profile, public_page
from shared.web.actions import Refused, Resource, offered, page_routes
from shared.web.deliverables import ACCEPTED
from shared.web.pages import flash, redirect, render
from shared.web.paging import Page

BESIDE: Final = Page(per_page=15)
"""How much of the queue is shown beside a case."""
AWAITED: Final = {
    State.AWAITING_INFORMATION: Team.APPLICANT,
    State.ESCALATED: Team.NATIONAL,
    State.DIRECTED_TO_PROGRAMME: Team.NATIONAL,
    State.ORIENTED_LOCALLY: Team.PROVIDER,
}
"""Who is awaited in a state, where it is not the département."""


@dataclass(frozen=True, slots=True)
class CasePage:
    """What every page about one case says of it, on the screen and on paper."""

    context: AgentContext
    case: CaseView
    handling: Sequence[Fact] = ()
    """What others did who have the request now, the latest first."""

    @property
    def address(self) -> str:
        """The address of the case's page."""
        return f"/demandes/{self.case.request_id}"

    @property
    def query(self) -> str:
        """The filters of the queue, which each address keeps."""
        return self.context.query

    @property
    def where(self) -> str:
        """The intercommunalité and the département."""
        find, epci = self.context.parts.territories.find, self.case.request.applicant.epci
        around = find(ApplicantKind.EPCI, epci) if epci else None
        departement = find(ApplicantKind.DEPARTEMENT, self.case.departement)
        within = f"{departement.name} ({self.case.departement})" if departement else self.case.departement
        return f"{around.full_name}, {within}" if around else within

    @property
    def filed_by(self) -> str:
        """Who filed the request: the applicant, or an agent in their place."""
        who = self.case.request.filed_by
        return f"{who.name}, pour la collectivité" if who and who.role is not Role.APPLICANT else "Le demandeur"

    @property
    def signature(self) -> str:
        """Who signs the letter where the agent validates the answer: their name, and in which quality."""
        agent = self.context.agent
        return f"{agent.name}, {agent.quality or default_quality(self.case.departement)}"

    @property
    def service(self) -> Service:
        """The service in charge."""
        return self.context.parts.rules.service(self.case.departement)

    @property
    def fully_covered(self) -> bool:
        """Whether the support would be free by the rule."""
        return is_fully_covered(self.case.request.applicant)

    @property
    def state(self) -> tuple[str, str]:
        """The word and the tone of the case's state."""
        return self.case.state_label, pages_words.TONES[self.case.state]

    @property
    def work_state(self) -> tuple[str, str] | None:
        """The word and the tone of the local work's state; None where there is none."""
        work = self.case.local_work
        return pages_words.LOCAL_STATES[work.state] if work and self.case.state in ANSWERED_LOCALLY else None

    @property
    def source(self) -> str:
        """Where the figures of territories come from."""
        return self.context.parts.territories.source.sentence

    @property
    def public_page(self) -> str | None:
        """The public page of the applicant's territory."""
        return public_page(self.context.parts.intake_url, self.case.request.applicant)

    @property
    def messages(self) -> list[dict[str, Any]]:
        """The messages, and what the applicant was asked for, as the component shows them."""
        written = [
            {
                "author": message.author or pages_words.WRITERS[message.team][0],
                "team": pages_words.WRITERS[message.team][1],
                "at": message.at,
                "text": message.text,
                "mine": message.team == Team.DEPARTEMENT,
            }
            for message in self.case.messages
        ]
        author, team = pages_words.WRITERS[Team.DEPARTEMENT]
        asked = [
            {"author": author, "team": team, "at": step.at, "text": f"{step.label}\u00a0: {step.detail}", "mine": True}
            for step in self.case.timeline
            if step.type == qualification.InformationRequested.wire_type and step.detail
        ]
        return sorted(written + asked, key=lambda message: message["at"])

    @property
    def notes(self) -> list[dict[str, Any]]:
        """The internal notes, as the component shows them."""
        return [{"author": note.author, "at": note.at, "text": note.text, "mine": True} for note in self.case.notes]

    @property
    def documents(self) -> list[dict[str, Any]]:
        """The joined files, as the component shows them."""
        return [
            {
                "name": document.name,
                "href": f"{self.address}/documents/{document.id}",
                "size": document.size,
                "at": document.added_at,
            }
            for document in self.case.documents
        ]

    @property
    def life(self) -> list[dict[str, Any]]:
        """The entries of the timeline, the oldest first, and what is awaited."""
        case = self.case
        entries: list[dict[str, Any]] = [
            {
                "at": entry.at,
                "label": entry.label,
                "team": entry.team,
                "detail": entry.detail,
                "state": pages_words.ENTRIES.get(entry.type, "done"),
            }
            for entry in case.timeline
        ]
        if self.expected:
            asked_until = case.national_question.until if case.national_question else None
            work_until = case.local_work.due_on if case.local_work else None
            entries.append(
                {
                    "at": case.answer_until or case.due_on or asked_until or work_until,
                    "label": self.expected[0],
                    "team": AWAITED.get(State(case.state), Team.DEPARTEMENT),
                    "state": "late" if case.overdue else "waiting",
                }
            )
        return entries

    @property
    def expected(self) -> tuple[str, str] | None:
        """What is expected now, in a line and a sentence; None when the département's part is over."""
        case = self.case
        if case.answer_until is not None and case.answer_until < self.context.today:
            return pages_words.UNANSWERED
        if case.state == State.UNDER_EXAMINATION and case.qualification is None:
            return pages_words.TO_QUALIFY
        if case.local_work is not None and case.state in ANSWERED_LOCALLY:
            return pages_words.EXPECTED_LOCALLY.get((case.local_work.state, case.local_work.provider is not None))
        if case.state == State.ORIENTED_LOCALLY and case.orientations:
            return pages_words.OF_PROVIDER.get(case.orientations[-1].state)
        if case.state in ELSEWHERE:
            return self._expected_elsewhere
        return pages_words.EXPECTED.get(case.state)

    @property
    def _expected_elsewhere(self) -> tuple[str, str] | None:
        for fact in self.handling:
            outcome = _committee_outcome(fact)
            if outcome is CommitteeOutcome.REFUSED:
                return None
            if outcome is not CommitteeOutcome.DEFERRED:
                return pages_words.ELSEWHERE[fact.wire_type]
        return None


ELSEWHERE: Final = frozenset({State.ESCALATED, State.DIRECTED_TO_PROGRAMME})
"""Where somebody else has the request."""


@dataclass(frozen=True, slots=True)
class Around:
    """What the page of a case shows beside it."""

    queue: list[dict[str, Any]]
    matches: list[Match] | None
    """None once the request is answered."""
    envelope_left: int | None
    """What is left of the year's envelope, in euro cents, where a support on it waits for its validation."""
    profile: Profile
    colleagues: list[tuple[str, str]]
    """To whom the case may be given: address and name."""


async def page_of(context: AgentContext, reader: Reader, request_id: UUID) -> CasePage:
    """Load a case for its pages; `NotFound` outside the agent's perimeter."""
    case = await context.case(reader, request_id)
    if case.state not in ELSEWHERE:
        return CasePage(context, case)
    return CasePage(context, case, await reads.latest_facts(reader, case, list(pages_words.ELSEWHERE)))


def led_back(context: AgentContext, view: CasePage) -> Redirect:
    """Lead to the case from a page that it does not have any more, and say what happened last."""
    last = view.case.timeline[-1] if view.case.timeline else None
    said = last.label if last else view.case.state_label
    when = datetime_fr(last.at if last else view.case.state_since, view.case.departement)
    flash(
        context.request,
        f"Cette action n’est pas possible à ce stade. Dernier événement\u00a0: {said}, le {when}.",
        "warning",
    )
    return redirect(view.address + view.query)


@get("/demandes/{request_id:uuid}")
async def show_case(
    request_id: FromPath[UUID], context: NamedDependency[AgentContext], filters: NamedDependency[Filters]
) -> Response[Any]:
    """Show one case; the consultation is traced."""
    return await show(context, request_id, filters=filters)


@get("/demandes/{request_id:uuid}/documents/{document_id:uuid}")
async def open_document(
    request_id: FromPath[UUID], document_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Redirect:
    """Send an agent to a joined file; who opened it is recorded."""
    return await context.open_document(request_id, document_id)


async def show(
    context: AgentContext, request_id: UUID, *, refused: Refused | None = None, filters: Filters | None = None
) -> Response[Any]:
    """Show one case with the forms of the actions that are allowed; a form that was refused, as it was typed."""
    async with context.database.transaction(context.cause) as tx:
        view = await page_of(context, tx, request_id)
        around = await _around(context, tx, view.case, filters or Filters())
    return render(
        context.request,
        "cases/case.html",
        status_code=refused.status if refused else 200,
        view=view,
        case=view.case,
        around=around,
        actions={
            action.path: action
            for action in offered([*ON_CASES, *ON_LOCAL_WORK, STOP, DELIVERABLE], view.case.allowed_actions)
        },
        values=refused.form.values if refused else {},
        errors=refused.form.errors if refused else {},
        failed=refused.action.path if refused else None,
        unsent=refused is not None and refused.action not in offered(ON_CASES, view.case.allowed_actions),
        seen_at=clock.now().isoformat(),
        proposals=pages_words.PROPOSALS,
        orientations=pages_words.ORIENTATIONS,
        tones=pages_words.TONES,
        marks=pages_words.MARKS,
        ends=pages_words.options(words.LOCAL_END, pages_words.ends(view.case.local_work)),
        accept=ACCEPTED,
        usual_end=context.today + context.parts.rules.usual_work,
        today=context.today,
    )


async def _read(context: AgentContext, reader: Reader, request_id: UUID) -> CaseView:
    """Show one case; the consultation is traced."""
    return await context.case(reader, request_id)


CASE: Final = Resource(
    address="/cases/{request_id:uuid}", page="/demandes/{request_id:uuid}", view=CaseView, read=_read, show=show
)


async def _around(context: AgentContext, reader: Reader, case: CaseView, filters: Filters) -> Around:
    free = case.state in UNDECIDED
    return Around(
        queue=[_beside(context, item) for item in await cases(reader, filters, context.viewer, BESIDE)],
        matches=await reads.matches(reader, case, context.today) if free else None,
        envelope_left=await envelope_left(context, reader, case),
        profile=await context.parts.profile(reader, case, context.today),
        colleagues=[
            (one.email, one.name)
            for one in await colleagues(reader, perimeter=[case.departement])
            if case.assignee is None or one.email != case.assignee.email
        ],
    )


def _beside(context: AgentContext, item: QueueItemView) -> dict[str, Any]:
    return {
        "href": f"/demandes/{item.request_id}{context.query}",
        "title": item.title,
        "number": item.number,
        "text": item.applicant.name,
        "state": (item.state_label, pages_words.TONES[item.state]),
        "deadline": (item.due_on, context.today) if item.due_on else None,
    }


async def envelope_left(context: AgentContext, reader: Reader, case: CaseView) -> int | None:
    """Return what is left of the year's envelope, where a support on it waits for its validation."""
    if case.state != State.PROPOSED or case.proposal is None or case.proposal.outcome is not Outcome.LOCAL_SUPPORT:
        return None
    return (await context.parts.envelope(reader, [case.departement], context.today)).left_cents


def _committee_outcome(fact: Fact) -> CommitteeOutcome | None:
    if isinstance(fact, escalation.DecisionMade | escalation.DecisionCorrected):
        return fact.decision.outcome
    return None


ROUTES = (show_case, open_document, *page_routes(CASE, ON_CASES))
