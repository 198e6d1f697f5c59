"""One case with all that gathered in it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.case import CLOCKS, Question
from services.qualification.domain.matching import Match, match
from services.qualification.domain.moves import Standing, State
from services.qualification.domain.orientation import Orientation
from services.qualification.domain.people import Official
from services.qualification.domain.proposal import Proposal
from services.qualification.reads.timeline import Entry
from services.qualification.store.providers import of_departement
from services.qualification.store.rows import ORIENTATION, orientation_of
from shared.contracts.intake import Document, Request
from shared.contracts.qualification import Qualification
from shared.contracts.vocabulary import Team
from shared.db import Reader, Row
from shared.errors import NotFound
from shared.timeline import restored


@dataclass(frozen=True, slots=True)
class Message:
    """One message of the exchange with the applicant."""

    id: UUID
    at: datetime
    team: str
    author: str | None
    text: str


@dataclass(frozen=True, slots=True)
class Note:
    """One internal note."""

    id: UUID
    at: datetime
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """The case as it is shown; `overdue` is said of today."""

    request_id: UUID
    departement: str
    number: str
    state: str
    request: Request
    assignee_email: str | None
    assignee_name: str | None
    qualification: Qualification | None
    proposal: Proposal | None
    stage: str | None
    due_on: date | None
    overdue: bool
    suspended_on: date | None
    answer_until: date | None
    question: Question | None
    opened_at: datetime
    state_since: datetime
    messages: tuple[Message, ...]
    notes: tuple[Note, ...]
    documents: tuple[Document, ...]
    timeline: tuple[Entry, ...]
    orientations: tuple[Orientation, ...]
    allowed_actions: tuple[str, ...]

    @property
    def national_steps(self) -> tuple[Entry, ...]:
        """What the national team did."""
        return tuple(entry for entry in self.timeline if entry.team is Team.NATIONAL)


async def find(
    reader: Reader, request_id: UUID, *, perimeter: Sequence[str] | None, who: Official, today: date
) -> CaseView:
    """Give the case within this perimeter; `NotFound` otherwise."""
    row = await reader.fetchrow(
        """
        SELECT c.request_id, c.departement, c.number, c.state, c.request, c.assignee_email, c.assignee_name,
               c.qualification, c.proposal, c.stage, c.due_on, c.suspended_on, c.answer_until, c.question,
               c.opened_at, c.state_since
        FROM case_file AS c
        WHERE c.request_id = $1
          AND ($2::text[] IS NULL OR c.departement = ANY($2))
        ORDER BY c.state = 'transferred', c.opened_at DESC
        LIMIT 1
        """,
        request_id,
        perimeter,
    )
    if row is None:
        raise NotFound
    return _view(
        row,
        messages=await _messages(reader, row),
        notes=await _notes(reader, row),
        documents=await _documents(reader, row),
        timeline=await _timeline(reader, row),
        orientations=await _orientations(reader, row),
        who=who,
        today=today,
    )


async def matches(reader: Reader, case: CaseView, today: date) -> list[Match]:
    """Give the providers that may help, best first."""
    return match(case.request, case.departement, await of_departement(reader, case.departement), today)


def _view(
    row: Row,
    *,
    messages: tuple[Message, ...],
    notes: tuple[Note, ...],
    documents: tuple[Document, ...],
    timeline: tuple[Entry, ...],
    orientations: tuple[Orientation, ...],
    who: Official,
    today: date,
) -> CaseView:
    state = State(row["state"])
    proposal = Proposal.model_validate(row["proposal"]) if row["proposal"] else None
    question = Question.model_validate(row["question"]) if row["question"] else None
    standing = Standing(state, proposal.by.email if proposal else None, asked=question is not None)
    return CaseView(
        request_id=row["request_id"],
        departement=row["departement"],
        number=row["number"],
        state=state.value,
        request=Request.model_validate(row["request"]),
        assignee_email=row["assignee_email"],
        assignee_name=row["assignee_name"],
        qualification=Qualification.model_validate(row["qualification"]) if row["qualification"] else None,
        proposal=proposal,
        stage=row["stage"],
        due_on=row["due_on"],
        overdue=_is_late(state, row, question, today),
        suspended_on=row["suspended_on"],
        answer_until=row["answer_until"],
        question=question,
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        messages=messages,
        notes=notes,
        documents=documents,
        timeline=timeline,
        orientations=orientations,
        allowed_actions=tuple(standing.allowed_actions(who)),
    )


def _is_late(state: State, row: Row, question: Question | None, today: date) -> bool:
    """Tell whether the département should have acted: on its own clock, or on a question of the national team."""
    if state is State.ESCALATED:
        return question is not None and question.until is not None and question.until < today
    return state in CLOCKS and row["due_on"] is not None and row["due_on"] < today


async def _messages(reader: Reader, case: Row) -> tuple[Message, ...]:
    rows = await reader.fetch(
        """
        SELECT id, at, team, author, text
        FROM case_message
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        case["request_id"],
        case["departement"],
    )
    return tuple(Message(**dict(row)) for row in rows)


async def _notes(reader: Reader, case: Row) -> tuple[Note, ...]:
    rows = await reader.fetch(
        """
        SELECT id, at, author, text
        FROM case_note
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        case["request_id"],
        case["departement"],
    )
    return tuple(Note(**dict(row)) for row in rows)


async def _documents(reader: Reader, case: Row) -> tuple[Document, ...]:
    rows = await reader.fetch(
        """
        SELECT document
        FROM case_document
        WHERE request_id = $1 AND departement = $2
        ORDER BY added_at, id
        """,
        case["request_id"],
        case["departement"],
    )
    return tuple(Document.model_validate(row["document"]) for row in rows)


async def _timeline(reader: Reader, case: Row) -> tuple[Entry, ...]:
    rows = await reader.fetch(
        """
        SELECT at, type, team, fact
        FROM case_step
        WHERE request_id = $1 AND departement = $2
        ORDER BY at, id
        """,
        case["request_id"],
        case["departement"],
    )
    request = Request.model_validate(case["request"])
    return tuple(
        Entry(
            row["at"],
            row["type"],
            Team(row["team"]) if row["team"] else None,
            restored(row["type"], row["fact"], request=request) if row["fact"] else None,
        )
        for row in rows
    )


async def _orientations(reader: Reader, case: Row) -> tuple[Orientation, ...]:
    rows = await reader.fetch(
        f"""
        SELECT {ORIENTATION}
        FROM orientation AS o
        WHERE o.request_id = $1 AND o.departement = $2
        ORDER BY o.opened_at, o.id
        """,  # noqa: S608 - a constant list of columns
        case["request_id"],
        case["departement"],
    )
    return tuple(orientation_of(row) for row in rows)
