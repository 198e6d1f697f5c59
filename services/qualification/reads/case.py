"""Read model of one case with its messages, notes, documents, timeline and orientations."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, NamedTuple
from uuid import UUID

from services.qualification.domain.case import CLOCKS, Question, standing_of
from services.qualification.domain.local_work import LocalMilestone, LocalState, LocalWork
from services.qualification.domain.matching import Match, match
from services.qualification.domain.moves import ANSWERED_LOCALLY, State
from services.qualification.domain.orientation import OrientationState
from services.qualification.domain.proposal import Proposal, Returned
from services.qualification.reads.timeline import EntryView, entry
from services.qualification.reads.viewer import Viewer
from services.qualification.store.providers import of_departement
from shared.contracts.fact import Fact
from shared.contracts.intake import Contact, Document, ProgressTold, Request
from shared.contracts.qualification import Evidence, LocalProgressReported, Qualification
from shared.contracts.vocabulary import LocalEnd, Stage, Team
from shared.db import Reader, Row
from shared.errors import NotFound
from shared.french.dates import short_date_fr
from shared.french.words import LOCAL_CLOCK, STAGE, state_word
from shared.letters import ANSWER_TYPES, About, AnswerLetter, answer_letter, answer_of, letter_id
from shared.timeline import restored


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent, as they are named on a case."""

    email: str
    name: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of the exchange with the applicant."""

    id: UUID
    at: datetime
    team: str
    author: str | None
    text: str


@dataclass(frozen=True, slots=True)
class NoteView:
    """One internal note."""

    id: UUID
    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class DocumentView:
    """A joined file; `url` needs the same bearer, records who opens it, and leads to intake for a minute."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class LetterView:
    """A letter by which the département answered; `url` needs the same bearer and gives a PDF."""

    id: UUID
    at: datetime
    title: str
    url: str


@dataclass(frozen=True, slots=True)
class DeadlineView:
    """A clock: until when a stage may last, or the applicant may answer."""

    stage: str
    label: str
    due_on: date
    overdue: bool
    suspended: bool


@dataclass(frozen=True, slots=True)
class ProviderNameView:
    """A provider, as it is named on a case."""

    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class AskedProviderView:
    """What was asked of a provider, and what it answered."""

    id: UUID
    provider: ProviderNameView
    state: str
    motive: str
    until: date
    answer: str | None
    opened_at: datetime
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class LocalReportView:
    """What somebody reported of the progress of local work: the provider, the département or the applicant."""

    at: datetime
    team: str
    author: str | None
    milestone: str | None
    percent: int | None
    text: str


@dataclass(frozen=True, slots=True)
class DeliverableView:
    """A file that came out of local work; `url` needs an agent's bearer, and records who opens it."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    at: datetime
    milestone: str | None
    team: str
    author: str
    url: str | None


@dataclass(frozen=True, slots=True)
class LocalWorkView:
    """The work of a local answer. `provider` is None where the département does it on its own envelope.

    `due_on` is the nearest last day, `until` that of the first contact.
    """

    state: LocalState
    provider: str | None
    until: date | None
    started_on: date | None
    ends_on: date | None
    due_on: date | None
    overdue: bool
    milestones: list[LocalMilestone]
    progress: list[LocalReportView]
    deliverables: list[DeliverableView]
    report: str | None
    carry_reason: str | None
    reason: LocalEnd | None
    motive: str | None
    over_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseView:
    """The whole case, as pages show it and programs get it; `overdue` is said of today."""

    request_id: UUID
    number: str
    departement: str
    state: str
    state_label: str
    assignee: AgentView | None
    urgency: int | None
    stage: str | None
    due_on: date | None
    answer_until: date | None
    overdue: bool
    opened_at: datetime
    state_since: datetime
    request: Request
    contact: Contact
    qualification: Qualification | None
    proposal: Proposal | None
    returned_proposal: Returned | None
    """The last proposal that was rejected or taken back, until another answer is validated."""
    evidence: Evidence | None
    national_question: Question | None
    messages: list[MessageView]
    notes: list[NoteView]
    documents: list[DocumentView]
    letters: list[LetterView]
    timeline: list[EntryView]
    national_steps: list[EntryView]
    deadlines: list[DeadlineView]
    orientations: list[AskedProviderView]
    local_work: LocalWorkView | None
    allowed_actions: list[str]


@dataclass(frozen=True, slots=True)
class MatchView:
    """A provider that may help, and why."""

    provider_id: UUID
    name: str
    reasons: list[str]
    capacity_left: int | None


@dataclass(frozen=True, slots=True)
class ChangedCaseView:
    """A case that changed together with others."""

    request_id: UUID
    number: str
    state: str
    assignee: AgentView | None


NO_HELP: Final = frozenset({OrientationState.DECLINED, OrientationState.SILENT})
"""What became of the question to a provider that does not help."""


class Urls(NamedTuple):
    """Makes the addresses at which agents open files and letters: of a request and of one of them."""

    document: Callable[[UUID, UUID], str]
    deliverable: Callable[[UUID, UUID], str]
    letter: Callable[[UUID, UUID], str]


def agent_view(email: str | None, name: str | None) -> AgentView | None:
    """Name an agent; None where there is none."""
    return AgentView(email, name or email) if email else None


async def find(reader: Reader, request_id: UUID, viewer: Viewer, urls: Urls) -> CaseView:
    """Return the case within the viewer's perimeter; `NotFound` otherwise. `urls`: of its files and letters."""
    row = await reader.fetchrow(
        """
        SELECT c.request_id, c.departement, c.number, c.state, c.request, c.assignee_email, c.assignee_name,
               c.qualification, c.proposal, c.stage, c.due_on, c.suspended_on, c.answer_until, c.question,
               c.opened_at, c.state_since, c.local_work, c.returned
        FROM case_file AS c
        WHERE c.request_id = $1
          AND ($2::text[] IS NULL OR c.departement = ANY($2))
        ORDER BY c.state = 'transferred', c.opened_at DESC
        LIMIT 1
        """,
        request_id,
        viewer.perimeter,
    )
    if row is None:
        raise NotFound
    of = row["request_id"], row["departement"]
    request = Request.model_validate(row["request"])
    proposal = Proposal.model_validate(row["proposal"]) if row["proposal"] else None
    question = Question.model_validate(row["question"]) if row["question"] else None
    qualification = Qualification.model_validate(row["qualification"]) if row["qualification"] else None
    state = State(row["state"])
    work = LocalWork.model_validate(row["local_work"]) if row["local_work"] else None
    standing = standing_of(state, proposal, work, asked=question is not None)
    overdue = _is_late(state, row["due_on"], question, work, viewer.today)
    steps = await _steps(reader, *of, request)
    timeline = [entry(*step) for step in steps]
    return CaseView(
        request_id=row["request_id"],
        number=row["number"],
        departement=row["departement"],
        state=state,
        state_label=state_word(state),
        assignee=agent_view(row["assignee_email"], row["assignee_name"]),
        urgency=qualification.urgency if qualification else None,
        stage=row["stage"],
        due_on=row["due_on"],
        answer_until=row["answer_until"],
        overdue=overdue,
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        request=request,
        contact=request.contact,
        qualification=qualification,
        proposal=proposal,
        returned_proposal=Returned.model_validate(row["returned"]) if row["returned"] else None,
        evidence=proposal.evidence if proposal else None,
        national_question=question,
        messages=await _messages(reader, *of),
        notes=await _notes(reader, *of),
        documents=await _documents(reader, *of, urls.document),
        letters=[
            LetterView(own, letter.at, letter.title, urls.letter(row["request_id"], own))
            for own, letter in _letters(row["request_id"], request, [fact for *_, fact in steps]).items()
        ],
        timeline=timeline,
        national_steps=[entry for entry in timeline if entry.team == Team.NATIONAL],
        deadlines=_deadlines(row, state, work, viewer.today, overdue=overdue),
        orientations=await _orientations(reader, *of),
        local_work=await local_work_view(reader, *of, work, today=viewer.today, url=urls.deliverable) if work else None,
        allowed_actions=standing.allowed_actions(viewer.who),
    )


async def changed(
    reader: Reader, request_ids: Sequence[UUID], perimeter: Sequence[str] | None
) -> list[ChangedCaseView]:
    """Return the cases of these requests within this perimeter, as they are now."""
    rows = await reader.fetch(
        """
        SELECT DISTINCT ON (c.request_id) c.request_id, c.number, c.state, c.assignee_email, c.assignee_name
        FROM case_file AS c
        WHERE c.request_id = ANY($1)
          AND ($2::text[] IS NULL OR c.departement = ANY($2))
        ORDER BY c.request_id, c.state = 'transferred', c.opened_at DESC
        """,
        request_ids,
        perimeter,
    )
    return [
        ChangedCaseView(
            row["request_id"], row["number"], row["state"], agent_view(row["assignee_email"], row["assignee_name"])
        )
        for row in rows
    ]


async def matches(reader: Reader, case: CaseView, today: date) -> list[Match]:
    """Return the providers that may help, best first."""
    catalogue = await of_departement(reader, case.departement)
    return match(case.request, case.departement, catalogue, today, why_no_help(case))


def why_no_help(case: CaseView) -> dict[UUID, str]:
    """Say in French why providers that were asked about this request do not help."""
    said = {each.provider.id: _why_not(each) for each in case.orientations if each.state in NO_HELP}
    work = case.local_work
    if work is not None and work.reason is LocalEnd.PROVIDER_STOPPED and case.orientations and work.over_at:
        stopped = f"A arrêté d’accompagner cette demande le {short_date_fr(work.over_at, case.departement)}"
        said[case.orientations[-1].provider.id] = f"{stopped}\u00a0: «\u00a0{work.motive}\u00a0»."
    return said


def _why_not(asked: AskedProviderView) -> str:
    on = f" le {short_date_fr(asked.answered_at)}" if asked.answered_at else ""
    if asked.state == OrientationState.SILENT:
        return f"N’a pas répondu à cette demande dans le délai, passé{on}."
    return f"A décliné cette demande{on}\u00a0: «\u00a0{asked.answer}\u00a0»."


async def latest_facts(reader: Reader, case: CaseView, types: Sequence[str]) -> list[Fact]:
    """Return the facts of these types in the timeline of a case, the latest first."""
    rows = await reader.fetch(
        """
        SELECT type, fact
        FROM case_step
        WHERE request_id = $1 AND departement = $2 AND type = ANY($3) AND fact IS NOT NULL
        ORDER BY at DESC, id DESC
        """,
        case.request_id,
        case.departement,
        types,
    )
    return [restored(row["type"], row["fact"], request=case.request) for row in rows]


async def letters(reader: Reader, case: CaseView) -> dict[UUID, AnswerLetter]:
    """Return the letters of a case, the oldest first, by what identifies them."""
    facts = await latest_facts(reader, case, ANSWER_TYPES)
    return _letters(case.request_id, case.request, facts[::-1])


def _is_late(state: State, due_on: date | None, question: Question | None, work: LocalWork | None, today: date) -> bool:
    """Return whether somebody of the département should have acted.

    On its own clock, on a question of the national team, or on the work of a local answer, also by its provider.
    """
    if work is not None and state in ANSWERED_LOCALLY:
        return work.due_on is not None and work.due_on < today
    if state is State.ESCALATED:
        return question is not None and question.until is not None and question.until < today
    return state in CLOCKS and due_on is not None and due_on < today


def _deadlines(case: Row, state: State, work: LocalWork | None, today: date, *, overdue: bool) -> list[DeadlineView]:
    deadlines = []
    if work is not None and state in ANSWERED_LOCALLY:
        for clock in work.clocks:
            label = clock.milestone.title if clock.milestone else LOCAL_CLOCK[clock.kind]
            deadlines.append(DeadlineView(f"local_{clock.kind}", label, clock.due_on, clock.due_on < today, False))
    if case["stage"] and case["due_on"]:
        stage = Stage(case["stage"])
        suspended = case["suspended_on"] is not None
        deadlines.append(DeadlineView(stage, STAGE[stage], case["due_on"], overdue, suspended))
    if case["answer_until"]:
        answer = DeadlineView("applicant_answer", "Réponse du demandeur", case["answer_until"], False, False)
        deadlines.append(answer)
    return deadlines


async def _messages(reader: Reader, request_id: UUID, departement: str) -> list[MessageView]:
    rows = await reader.fetch(
        """
        SELECT id, at, team, author, text
        FROM case_message
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        request_id,
        departement,
    )
    return [MessageView(**dict(row)) for row in rows]


async def _notes(reader: Reader, request_id: UUID, departement: str) -> list[NoteView]:
    rows = await reader.fetch(
        """
        SELECT id, at, author, text
        FROM case_note
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        request_id,
        departement,
    )
    return [NoteView(**dict(row)) for row in rows]


async def _documents(
    reader: Reader, request_id: UUID, departement: str, url: Callable[[UUID, UUID], str]
) -> list[DocumentView]:
    rows = await reader.fetch(
        """
        SELECT document
        FROM case_document
        WHERE request_id = $1 AND departement = $2
        ORDER BY added_at, id
        """,
        request_id,
        departement,
    )
    documents = [Document.model_validate(row["document"]) for row in rows]
    return [DocumentView(**dict(one), url=url(request_id, one.id)) for one in documents]


Step = tuple[datetime, str, str | None, Fact | None]
"""When a step was, its type, who acted, and the fact; None where a dossier brought it."""


async def _steps(reader: Reader, request_id: UUID, departement: str, request: Request) -> list[Step]:
    rows = await reader.fetch(
        """
        SELECT at, type, team, fact
        FROM case_step
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        request_id,
        departement,
    )
    return [
        (
            row["at"],
            row["type"],
            row["team"],
            restored(row["type"], row["fact"], request=request) if row["fact"] else None,
        )
        for row in rows
    ]


def _letters(request_id: UUID, request: Request, facts: Sequence[Fact | None]) -> dict[UUID, AnswerLetter]:
    """Make the letters of the answers among these facts, by what identifies them."""
    answers = filter(None, (answer_of(fact) for fact in facts if fact is not None))
    return {letter_id(request_id, answer): answer_letter(answer, About.of(request)) for answer in answers}


async def _orientations(reader: Reader, request_id: UUID, departement: str) -> list[AskedProviderView]:
    rows = await reader.fetch(
        """
        SELECT id, provider_id, provider ->> 'name' AS name, state, motive, until, answer, opened_at, answered_at
        FROM orientation
        WHERE request_id = $1 AND departement = $2
        ORDER BY opened_at, id
        """,
        request_id,
        departement,
    )
    return [
        AskedProviderView(
            id=row["id"],
            provider=ProviderNameView(row["provider_id"], row["name"]),
            state=row["state"],
            motive=row["motive"],
            until=row["until"],
            answer=row["answer"],
            opened_at=row["opened_at"],
            answered_at=row["answered_at"],
        )
        for row in rows
    ]


async def local_work_view(
    reader: Reader,
    request_id: UUID,
    departement: str,
    work: LocalWork,
    *,
    today: date,
    url: Callable[[UUID, UUID], str] | None,
) -> LocalWorkView:
    """Show the work of a local answer, with what was reported and handed in since it was given; `url`: of a file."""
    return LocalWorkView(
        state=work.state,
        provider=work.provider.name if work.provider else None,
        until=work.until,
        started_on=work.started_on,
        ends_on=work.ends_on,
        due_on=work.due_on,
        overdue=work.due_on is not None and work.due_on < today,
        milestones=list(work.milestones),
        progress=await _progress(reader, request_id, departement, work.since),
        deliverables=await _deliverables(reader, request_id, departement, work.since, url),
        report=work.report,
        carry_reason=work.carry_reason,
        reason=work.reason,
        motive=work.motive,
        over_at=work.over_at,
    )


async def _progress(reader: Reader, request_id: UUID, departement: str, since: datetime) -> list[LocalReportView]:
    rows = await reader.fetch(
        """
        SELECT at, team, fact #>> '{by,name}' AS author, fact ->> 'milestone' AS milestone,
               (fact ->> 'percent')::integer AS percent, fact ->> 'text' AS text
        FROM case_step
        WHERE request_id = $1 AND departement = $2 AND at >= $3 AND type = ANY($4) AND fact IS NOT NULL
        ORDER BY at DESC, id DESC
        """,
        request_id,
        departement,
        since,
        [LocalProgressReported.wire_type, ProgressTold.wire_type],
    )
    return [LocalReportView(**dict(row)) for row in rows]


async def _deliverables(
    reader: Reader, request_id: UUID, departement: str, since: datetime, url: Callable[[UUID, UUID], str] | None
) -> list[DeliverableView]:
    rows = await reader.fetch(
        """
        SELECT document, milestone, team, author
        FROM local_deliverable
        WHERE request_id = $1 AND departement = $2 AND added_at >= $3
        ORDER BY added_at, id
        """,
        request_id,
        departement,
        since,
    )
    found = [(Document.model_validate(row["document"]), row) for row in rows]
    return [
        DeliverableView(
            **one.model_dump(exclude={"added_at"}),
            at=one.added_at,
            milestone=row["milestone"],
            team=row["team"],
            author=row["author"],
            url=url(request_id, one.id) if url else None,
        )
        for one, row in found
    ]


class DeliverableFile(NamedTuple):
    """A file that came out of local work, with its bytes."""

    name: str
    media_type: str
    content: bytes


async def deliverable(
    reader: Reader, request_id: UUID, deliverable_id: UUID, perimeter: Sequence[str] | None
) -> tuple[str, DeliverableFile]:
    """Return a file within this perimeter, and the département whose case has it; refuses (`NotFound`) any other."""
    row = await reader.fetchrow(
        """
        SELECT departement, document, content
        FROM local_deliverable
        WHERE id = $2
          AND request_id = $1
          AND content IS NOT NULL
          AND ($3::text[] IS NULL OR departement = ANY($3))
        """,
        request_id,
        deliverable_id,
        perimeter,
    )
    if row is None:
        raise NotFound
    document = Document.model_validate(row["document"])
    return row["departement"], DeliverableFile(document.name, document.media_type, row["content"])
