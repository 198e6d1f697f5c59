"""Read model of a request for its applicant, shared by the tracking page and the API."""

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from services.intake.domain.accompaniment import Milestone
from services.intake.domain.colleagues import Colleague, Holder
from services.intake.domain.evaluation import Evaluation
from services.intake.domain.life import Status
from services.intake.domain.timeline import Step
from services.intake.domain.withdrawal import WithdrawalState
from services.intake.reads.timeline import detail_of, label_of, without_repetition
from services.intake.store import colleagues, milestones, requests
from services.intake.tokens import Tokens
from shared.contracts import intake, qualification
from shared.contracts.vocabulary import Team, WithdrawalReason
from shared.db import Reader
from shared.errors import NotFound
from shared.french.words import next_action_word
from shared.letters import About, Answer, answer_letter, letter_id

_DOCUMENT: Final = "id, name, media_type, size, sha256, added_at"


class ExpectedView(BaseModel):
    """What is expected next, from whom, until when."""

    model_config = ConfigDict(populate_by_name=True)

    team: Team = Field(alias="from")
    what: str
    until: date | None


class StepView(BaseModel):
    """One entry of the timeline."""

    at: datetime
    type: str
    label: str
    team: Team
    detail: str | None


class MessageView(BaseModel):
    """One message between the applicant and the département; `author_name` is the invited colleague who wrote.

    `unread` by the caller, until they answer or say that they have read.
    """

    at: datetime
    author: Team
    author_name: str | None
    text: str
    unread: bool


class DocumentView(intake.Document):
    """One document; `url` takes the access token."""

    url: str


class LetterView(BaseModel):
    """A letter by which the département answered; `url` takes the access token and gives a PDF."""

    id: UUID
    at: datetime
    title: str
    url: str
    answer: Answer = Field(exclude=True)


class WithdrawalView(BaseModel):
    """The latest request to withdraw: `requested` until it is `accepted`, or `declined` for the `reason`."""

    model_config = ConfigDict(from_attributes=True)

    at: datetime
    state: WithdrawalState
    reason: WithdrawalReason | None


class RequestView(BaseModel):
    """A request as its applicant follows it, or a colleague whom they invited; `tracking_url` is the caller's own."""

    id: UUID
    number: str
    status: str
    team: Team | None
    departement: str
    expected: ExpectedView | None
    timeline: list[StepView]
    messages: list[MessageView]
    unread_messages: int
    documents: list[DocumentView]
    letters: list[LetterView]
    milestones: list[Milestone]
    colleagues: list[Colleague]
    decision: dict[str, Any] | None
    withdrawal: WithdrawalView | None
    allowed_actions: list[str]
    request: intake.Request
    tracking_url: str


class EvaluationView(Evaluation):
    """An evaluation, and when it was given."""

    at: datetime


class TrackedView(RequestView):
    """The same with what its page shows besides, which programs are not given."""

    service: qualification.Service | None = Field(exclude=True)
    link_generation: int = Field(exclude=True)
    asked_for: list[str] = Field(exclude=True)
    """What the département asked for, while it waits."""
    filed_documents: list[DocumentView] = Field(exclude=True)
    """Those that were filed with the request."""
    evaluations: list[EvaluationView] = Field(exclude=True)
    mail_failed_at: datetime | None = Field(exclude=True)
    colleague: Colleague | None = Field(exclude=True)
    """Who looks, when it is an invited colleague."""
    shared: bool = Field(exclude=True)
    """Whether anybody was ever invited."""


async def tracking(reader: Reader, holder: Holder, tokens: Tokens) -> TrackedView:
    """Return a request as whoever holds its link sees it; refuses with `NotFound`."""
    request_id = holder.request_id
    row = await reader.fetchrow(
        f"SELECT {requests.COLUMNS}, mail_failed_at FROM request WHERE id = $1",
        request_id,
    )
    if row is None:
        raise NotFound
    tracked = requests.tracked_of(row)
    invited = await colleagues.of_request(reader, request_id)
    tracked.colleague = next((one for one in invited if one.id == holder.colleague_id), None)
    expected = tracked.answer_awaited or tracked.expected
    timeline = await _timeline(reader, request_id)
    documents = await _documents(reader, request_id, tokens)
    messages = await _messages(reader, request_id, tracked.colleague)
    return TrackedView(
        id=tracked.id,
        number=tracked.filed.number,
        status=tracked.status,
        team=tracked.answer_awaited.team if tracked.answer_awaited else tracked.team,
        departement=tracked.departement,
        expected=expected
        and ExpectedView(team=expected.team, what=next_action_word(expected.what), until=expected.until),
        timeline=[
            StepView(at=step.at, type=step.type, label=label_of(step), team=step.team, detail=detail_of(step))
            for step in without_repetition(timeline)
        ],
        messages=messages,
        unread_messages=sum(message.unread for message in messages),
        documents=[one for one, _ in documents],
        letters=_letters(tracked.filed, request_id, timeline, tokens),
        milestones=await milestones.of_request(reader, request_id),
        colleagues=[one for one in invited if one.removed_at is None],
        decision=tracked.decision,
        withdrawal=tracked.withdrawal and WithdrawalView.model_validate(tracked.withdrawal),
        allowed_actions=list(tracked.allowed_actions),
        request=tracked.filed,
        tracking_url=tokens.url_of(holder),
        service=tracked.service,
        link_generation=tracked.link_generation,
        asked_for=_asked_for(timeline) if tracked.status is Status.AWAITING_INFORMATION else [],
        filed_documents=[one for one, with_request in documents if with_request],
        evaluations=await _evaluations(reader, request_id),
        mail_failed_at=row["mail_failed_at"],
        colleague=tracked.colleague,
        shared=bool(invited),
    )


async def document(reader: Reader, document_id: UUID, *, of: UUID | None = None) -> intake.Document:
    """Return a document, if given only one `of` that request; refuses with `NotFound`."""
    row = await reader.fetchrow(
        f"SELECT {_DOCUMENT} FROM document WHERE id = $1 AND ($2::uuid IS NULL OR request_id = $2)",
        document_id,
        of,
    )
    if row is None:
        raise NotFound
    return intake.Document(**row)


def _letters(filed: intake.Request, request_id: UUID, timeline: list[Step], tokens: Tokens) -> list[LetterView]:
    """Return the letters, the oldest first."""
    answers = {letter_id(request_id, step.answer): step.answer for step in timeline if step.answer is not None}
    return [
        LetterView(
            id=own,
            at=answer.at,
            title=answer_letter(answer, About.of(filed)).title,
            url=tokens.letter_url(request_id, own),
            answer=answer,
        )
        for own, answer in answers.items()
    ]


async def _timeline(reader: Reader, request_id: UUID) -> list[Step]:
    rows = await reader.fetch(
        "SELECT at, type, team, details, answer FROM step WHERE request_id = $1 ORDER BY at, id", request_id
    )
    return [requests.step_of_row(row) for row in rows]


async def _messages(reader: Reader, request_id: UUID, colleague: Colleague | None) -> list[MessageView]:
    rows = await reader.fetch(
        """
        WITH reader AS (
            SELECT messages_read_at FROM request WHERE id = $1 AND $2::uuid IS NULL
            UNION ALL
            SELECT messages_read_at FROM colleague WHERE request_id = $1 AND id = $2
        )
        SELECT at, author, author_name, text,
               author = 'departement' AND at > coalesce(reader.messages_read_at, '-infinity') AS unread
        FROM message
        CROSS JOIN reader
        WHERE request_id = $1
        ORDER BY at, id
        """,
        request_id,
        colleague.id if colleague else None,
    )
    return [MessageView(**row) for row in rows]


async def _documents(reader: Reader, request_id: UUID, tokens: Tokens) -> list[tuple[DocumentView, bool]]:
    """Return the documents, each with whether it was filed with the request."""
    rows = await reader.fetch(
        f"SELECT {_DOCUMENT}, with_request FROM document WHERE request_id = $1 ORDER BY added_at, id",
        request_id,
    )
    return [
        (DocumentView.model_validate({**row, "url": tokens.document_url(request_id, row["id"])}), row["with_request"])
        for row in rows
    ]


async def _evaluations(reader: Reader, request_id: UUID) -> list[EvaluationView]:
    rows = await reader.fetch(
        """
        SELECT at, need_met, progress, satisfaction, impact, comment
        FROM evaluation
        WHERE request_id = $1
        ORDER BY at, id
        """,
        request_id,
    )
    return [EvaluationView(**row) for row in rows]


def _asked_for(timeline: list[Step]) -> list[str]:
    """Return what was asked for last."""
    asked = [step for step in timeline if step.type == qualification.InformationRequested.wire_type]
    return list(asked[-1].details.text or ()) if asked else []
