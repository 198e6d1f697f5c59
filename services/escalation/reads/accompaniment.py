"""Read models of accompaniments: those under way, the file of a deliverable, and the view of a provider by its link."""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.domain.perimeter import Perimeter
from services.escalation.domain.refusals import LinkNotValid
from services.escalation.reads.detail_rows import DeliverableRow, ProgressRow
from shared.contracts.fact import Actor
from shared.db import Reader
from shared.errors import NotFound
from shared.web.paging import Page, Paged


class NoSuchDeliverable(NotFound):
    """The dossier has no such file (HTTP 404)."""

    code = "no_such_deliverable"
    title = "No such deliverable of this dossier"
    sentence = "Ce livrable n’existe pas dans ce dossier."


class AccompanimentRow(BaseModel):
    """An accompaniment under way: how many milestones it has, what comes next, and who last reported progress, when."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    departement: str
    starts_on: date
    ends_on: date
    milestones: int
    reached: int
    late: int
    next_title: str | None
    next_due_on: date | None
    percent: int | None
    told_at: datetime | None
    told_by: str | None


class FileRow(BaseModel):
    """A deliverable with its bytes."""

    name: str
    media_type: str
    content: bytes


class ExpectedMilestoneRow(BaseModel):
    """A milestone as whoever works on the project sees it."""

    id: UUID
    title: str
    deliverable: str | None
    due_on: date
    reached_on: date | None


class ProviderView(BaseModel):
    """What a provider sees by its link: the project and its own words, nothing of the dossier's inside."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    provider: str
    purchase_order: str | None
    state: str
    ends_on: date | None
    milestones: list[ExpectedMilestoneRow]
    progress: list[ProgressRow]
    deliverables: list[DeliverableRow]


class ClosedLinkView(BaseModel):
    """A link that we once gave and that opens nothing any more: of whom and of what it was, and who gave the last."""

    number: str
    applicant_name: str
    provider: str
    declined: bool
    invited_at: datetime
    invited_by: Actor


_UNDER_WAY: Final = """
    WITH under_way AS (
        SELECT escalation.request_id, escalation.number, escalation.title, escalation.applicant_name,
            escalation.departement, escalation.starts_on, escalation.ends_on, counted.milestones, counted.reached,
            counted.late, upcoming.title AS next_title, upcoming.due_on AS next_due_on, told.percent,
            news.at AS told_at, news.author AS told_by
        FROM escalation
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE cancelled_for IS NULL) AS milestones, count(reached_on) AS reached,
                count(*) FILTER (WHERE reached_on IS NULL AND cancelled_for IS NULL AND due_on < $3) AS late
            FROM milestone
            WHERE milestone.request_id = escalation.request_id
        ) AS counted
        LEFT JOIN LATERAL (
            SELECT title, due_on
            FROM milestone
            WHERE milestone.request_id = escalation.request_id AND reached_on IS NULL AND cancelled_for IS NULL
            ORDER BY due_on
            LIMIT 1
        ) AS upcoming ON true
        LEFT JOIN LATERAL (
            SELECT percent
            FROM progress
            WHERE progress.request_id = escalation.request_id AND milestone_id IS NULL AND percent IS NOT NULL
            ORDER BY at DESC
            LIMIT 1
        ) AS told ON true
        LEFT JOIN LATERAL (
            SELECT at, author
            FROM progress
            WHERE progress.request_id = escalation.request_id
            ORDER BY at DESC
            LIMIT 1
        ) AS news ON true
        WHERE escalation.state = 'accompanied'
            AND ($1::text[] IS NULL OR departement = ANY($1))
            AND ($2::text[] IS NULL OR programme = ANY($2))
    )
"""


async def accompaniments(
    reader: Reader, *, late: bool, perimeter: Perimeter, today: date, page: Page
) -> Paged[AccompanimentRow]:
    """Return what is under way, with what is due next first."""
    rows = await reader.fetch(
        f"""
        {_UNDER_WAY}
        SELECT *
        FROM under_way
        WHERE NOT $4 OR late > 0 OR ends_on < $3
        ORDER BY coalesce(next_due_on, ends_on), number
        LIMIT $5 OFFSET $6
        """,
        perimeter.departements,
        perimeter.programmes,
        today,
        late,
        page.limit,
        page.offset,
    )
    total = await count_accompaniments(reader, late=late, perimeter=perimeter, today=today)
    return Paged(items=[AccompanimentRow.model_validate(dict(row)) for row in rows], total=total, page=page.number)


async def count_accompaniments(reader: Reader, *, late: bool, perimeter: Perimeter, today: date) -> int:
    """Count what such a list would show."""
    total: int = await reader.fetchval(
        f"{_UNDER_WAY} SELECT count(*) FROM under_way WHERE NOT $4 OR late > 0 OR ends_on < $3",
        perimeter.departements,
        perimeter.programmes,
        today,
        late,
    )
    return total


async def deliverable(reader: Reader, request_id: UUID, deliverable_id: UUID, *, perimeter: Perimeter) -> FileRow:
    """Return a file of a dossier that the caller sees; refuses (`NoSuchDeliverable`)."""
    row = await reader.fetchrow(
        """
        SELECT deliverable.name, deliverable.media_type, deliverable.content
        FROM deliverable
        JOIN escalation USING (request_id)
        WHERE deliverable.id = $2
            AND request_id = $1
            AND content IS NOT NULL
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        """,
        request_id,
        deliverable_id,
        perimeter.departements,
        perimeter.programmes,
    )
    if row is None:
        raise NoSuchDeliverable
    return FileRow.model_validate(dict(row))


async def closed_link(reader: Reader, link: ProviderLink) -> ClosedLinkView | None:
    """Return whom the holder of a closed link of ours may ask; None when we gave no such link."""
    row = await reader.fetchrow(
        """
        SELECT escalation.number, escalation.applicant_name, mobilisation.resource AS provider,
            mobilisation.state = 'declined' AS declined, provider_link.invited_at, provider_link.invited_by
        FROM provider_link
        JOIN mobilisation ON mobilisation.id = provider_link.mobilisation_id
        JOIN escalation ON escalation.request_id = mobilisation.request_id
        WHERE provider_link.mobilisation_id = $1
        """,
        link.mobilisation_id,
    )
    return ClosedLinkView.model_validate(dict(row)) if row else None


async def by_link(reader: Reader, link: ProviderLink) -> ProviderView:
    """Return what a provider sees; refuses (`LinkNotValid`) a link that was replaced."""
    row = await reader.fetchrow(
        """
        SELECT escalation.request_id, escalation.number, escalation.title, escalation.applicant_name,
            escalation.state, escalation.ends_on, mobilisation.resource AS provider, mobilisation.purchase_order
        FROM provider_link
        JOIN mobilisation ON mobilisation.id = provider_link.mobilisation_id
        JOIN escalation ON escalation.request_id = mobilisation.request_id
        WHERE provider_link.mobilisation_id = $1
            AND provider_link.generation = $2
            AND mobilisation.state <> 'declined'
        """,
        link.mobilisation_id,
        link.generation,
    )
    if row is None:
        raise LinkNotValid
    request_id, provider = row["request_id"], row["provider"]
    milestones = await reader.fetch(
        """
        SELECT id, title, deliverable, due_on, reached_on
        FROM milestone
        WHERE request_id = $1 AND cancelled_for IS NULL
        ORDER BY due_on, id
        """,
        request_id,
    )
    reports = await reader.fetch(
        """
        SELECT progress.id, progress.at, progress.team, progress.author, progress.percent, progress.text,
            progress.milestone_id, milestone.title AS milestone
        FROM progress
        LEFT JOIN milestone ON milestone.id = progress.milestone_id
        WHERE progress.request_id = $1 AND progress.team = 'provider' AND progress.author = $2
        ORDER BY progress.at DESC
        """,
        request_id,
        provider,
    )
    files = await reader.fetch(
        """
        SELECT deliverable.id, deliverable.at, deliverable.team, deliverable.author, deliverable.name,
            deliverable.media_type, deliverable.size, deliverable.milestone_id, milestone.title AS milestone
        FROM deliverable
        LEFT JOIN milestone ON milestone.id = deliverable.milestone_id
        WHERE deliverable.request_id = $1 AND deliverable.team = 'provider' AND deliverable.author = $2
        ORDER BY deliverable.at
        """,
        request_id,
        provider,
    )
    return ProviderView.model_validate(
        {
            **dict(row),
            "milestones": [dict(one) for one in milestones],
            "progress": [dict(one) for one in reports],
            "deliverables": [dict(one) for one in files],
        }
    )
