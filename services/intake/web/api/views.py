"""What the API shows of a request."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field

from services.intake.domain.colleagues import Holder
from services.intake.domain.withdrawal import WithdrawalState
from services.intake.reads.timeline import detail_of, label_of
from services.intake.reads.tracking import Tracking
from services.intake.usecases.file_request import Filed
from services.intake.web.tokens import Tokens
from shared.contracts.intake import Request as FiledForm
from shared.contracts.vocabulary import Team, WithdrawalReason


class FiledView(BaseModel):
    """The answer to a filing; `access_token` opens the request, as does the tracking link."""

    id: UUID
    number: str
    status: str
    departement: str
    tracking_url: str
    access_token: str


class ExpectedView(BaseModel):
    """What is expected next, from whom, until when."""

    team: Team = Field(alias="from")
    what: str
    until: date | None


class StepView(BaseModel):
    """One step of the life of the request."""

    at: datetime
    type: str
    label: str
    team: Team
    detail: str | None


class MessageView(BaseModel):
    """One message between the applicant and the département; `author_name` is the invited colleague who wrote.

    `unread` by the caller, until he answers or says that he has read.
    """

    at: datetime
    author: Team
    author_name: str | None
    text: str
    unread: bool


class DocumentView(BaseModel):
    """One document; `url` takes the access token."""

    id: UUID
    name: str
    media_type: str
    size: int
    sha256: str
    added_at: datetime
    url: str


class MilestoneView(BaseModel):
    """A step of the accompaniment: when it is due, and when it was reached."""

    id: UUID
    title: str
    due_on: date
    reached_on: date | None


class ColleagueView(BaseModel):
    """One who was invited to follow the request; `mail_failed_at` tells that the latest mail did not reach them.

    `waiting`: the invitation is sent when somebody opens a link that was mailed to the contact.
    """

    id: UUID
    name: str
    email: str
    invited_at: datetime
    mail_failed_at: datetime | None
    waiting: bool


class WithdrawalView(BaseModel):
    """The latest request to withdraw: `requested` until it is `accepted`, or `declined` for the `reason`."""

    at: datetime
    state: WithdrawalState
    reason: WithdrawalReason | None


class RequestView(BaseModel):
    """A request as its applicant follows it, or a colleague whom he invited; `tracking_url` is the caller's own."""

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
    milestones: list[MilestoneView]
    colleagues: list[ColleagueView]
    decision: dict[str, Any] | None
    withdrawal: WithdrawalView | None
    allowed_actions: list[str]
    request: FiledForm
    tracking_url: str


def filed_view(filed: Filed, tokens: Tokens) -> FiledView:
    """Show what a filing gave; the first link's generation, so that a repetition never revives a revoked one."""
    return FiledView(
        id=filed.id,
        number=filed.number,
        status=filed.status,
        departement=filed.departement,
        tracking_url=tokens.tracking_url(filed.id),
        access_token=tokens.tracking_token(filed.id),
    )


def request_view(tracking: Tracking, tokens: Tokens, holder: Holder) -> RequestView:
    """Show a request to whoever holds its token."""
    expected, asked = tracking.expected, tracking.withdrawal
    return RequestView(
        id=tracking.id,
        number=tracking.number,
        status=tracking.status,
        team=tracking.team,
        departement=tracking.departement,
        expected=expected and ExpectedView(**{"from": expected.team, "what": expected.what, "until": expected.until}),
        timeline=[
            StepView(at=step.at, type=step.type, label=label_of(step), team=step.team, detail=detail_of(step))
            for step in tracking.timeline
        ],
        messages=[
            MessageView(
                at=message.at,
                author=message.author,
                author_name=message.author_name,
                text=message.text,
                unread=message.unread,
            )
            for message in tracking.messages
        ],
        documents=[
            DocumentView(
                id=document.id,
                name=document.name,
                media_type=document.media_type,
                size=document.size,
                sha256=document.sha256,
                added_at=document.added_at,
                url=tokens.document_url(tracking.id, document.id),
            )
            for document in tracking.documents
        ],
        milestones=[
            MilestoneView(id=one.id, title=one.title, due_on=one.due_on, reached_on=one.reached_on)
            for one in tracking.milestones
        ],
        unread_messages=tracking.unread,
        colleagues=[
            ColleagueView(
                id=one.id,
                name=one.name,
                email=one.email,
                invited_at=one.invited_at,
                mail_failed_at=one.mail_failed_at,
                waiting=one.waiting,
            )
            for one in tracking.colleagues
        ],
        decision=tracking.decision,
        withdrawal=asked and WithdrawalView(at=asked.at, state=asked.state, reason=asked.reason),
        allowed_actions=tracking.allowed_actions,
        request=tracking.filed,
        tracking_url=tokens.url_of(holder),
    )
