"""Read one dossier with everything that belongs to it."""

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from services.escalation.domain.accompaniment import Milestone
from services.escalation.domain.completion import open_points
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.moves import Action, By, State
from services.escalation.domain.perimeter import Perimeter
from services.escalation.reads.committee import decisions_of
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.dossiers import COLUMNS, held_back, summary_members
from services.escalation.reads.similar import similar
from services.escalation.reads.timeline import author_of, detail_of
from services.escalation.store.dossier import NoSuchEscalation, grant_of
from services.escalation.store.means import MOBILISATION, mobilisation_of
from shared.contracts.escalation import OpenPoint
from shared.contracts.intake import Request
from shared.contracts.qualification import Dossier, Evidence
from shared.db import Reader, Row
from shared.french.words import event_word
from shared.timeline import restored

DocumentUrl = Callable[[UUID, UUID], str]


async def detail(
    reader: Reader, request_id: UUID, *, perimeter: Perimeter, by: By, today: date, document_url: DocumentUrl
) -> EscalationView:
    """Return one dossier; refuses (`NoSuchEscalation`) what the caller does not see."""
    row = await _escalation(reader, request_id, perimeter)
    state = State(row["state"])
    dossier = Dossier.model_validate(row["dossier"])
    evidence = Evidence.model_validate(row["evidence"])
    return EscalationView.model_validate(
        {
            **summary_members(row, by, today),
            "request": dossier.request,
            "qualification": dossier.qualification,
            "evidence": evidence,
            "opinion": evidence.opinion,
            "dossier": dossier,
            "messages": await _messages(reader, request_id, dossier),
            "documents": await _documents(reader, request_id, document_url),
            "questions": await _questions(reader, request_id),
            "sessions": await _sessions(reader, request_id),
            "decisions": await decisions_of(reader, request_id, state, by=by),
            "grant": await _grant(reader, request_id),
            "open_points": await _open_points(reader, request_id, row, today) if row["starts_on"] else [],
            "mobilisations": await _mobilisations(reader, request_id, state, by, held_back(row)),
            "financing": await _financing(reader, request_id),
            "milestones": await _milestones(reader, request_id, state, by, today, row),
            "progress": await _progress(reader, request_id),
            "deliverables": await _deliverables(reader, request_id),
            "accompaniment": {"starts_on": row["starts_on"], "ends_on": row["ends_on"]} if row["starts_on"] else None,
            **await _evaluations(reader, request_id),
            "notes": await _notes(reader, request_id),
            "similar": await similar(reader, request_id, perimeter=perimeter),
            "timeline": await _timeline(reader, request_id, dossier),
        }
    )


async def _escalation(reader: Reader, request_id: UUID, perimeter: Perimeter) -> Row:
    row = await reader.fetchrow(
        f"""
        SELECT {COLUMNS}, starts_on, ends_on, report, carry_reason, carried, evidence, dossier, service, escalated_by
        FROM escalation
        WHERE request_id = $1
            AND ($2::text[] IS NULL OR departement = ANY($2))
            AND ($3::text[] IS NULL OR programme = ANY($3))
        """,
        request_id,
        perimeter.departements,
        perimeter.programmes,
    )
    if row is None:
        raise NoSuchEscalation
    return row


async def _messages(reader: Reader, request_id: UUID, dossier: Dossier) -> list[dict[str, Any]]:
    rows = await reader.fetch("SELECT at, author, text FROM message WHERE request_id = $1 ORDER BY at", request_id)
    brought = {(message.at, message.text) for message in dossier.messages}
    later = [dict(row) for row in rows if (row["at"], row["text"]) not in brought]
    return sorted([message.model_dump() for message in dossier.messages] + later, key=lambda message: message["at"])


async def _documents(reader: Reader, request_id: UUID, document_url: DocumentUrl) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT id, name, media_type, size, added_at
        FROM document
        WHERE request_id = $1
        ORDER BY added_at, id
        """,
        request_id,
    )
    return [{**dict(row), "url": document_url(request_id, row["id"])} for row in rows]


async def _questions(reader: Reader, request_id: UUID) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT id, asked_at, question, until, asked_by, answered_at, answer, answered_by
        FROM question
        WHERE request_id = $1
        ORDER BY asked_at
        """,
        request_id,
    )
    return [dict(row) for row in rows]


async def _notes(reader: Reader, request_id: UUID) -> list[dict[str, Any]]:
    rows = await reader.fetch("SELECT id, at, text, by FROM note WHERE request_id = $1 ORDER BY at, id", request_id)
    return [dict(row) for row in rows]


async def _sessions(reader: Reader, request_id: UUID) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT committee_session.id, committee_session.title, committee_session.held_on, agenda_item.position,
            CASE WHEN committee_session.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state
        FROM agenda_item
        JOIN committee_session ON committee_session.id = agenda_item.session_id
        WHERE agenda_item.request_id = $1
        ORDER BY committee_session.held_on, agenda_item.scheduled_at
        """,
        request_id,
    )
    return [dict(row) for row in rows]


async def _mobilisations(
    reader: Reader, request_id: UUID, state: State, by: By, waiting: frozenset[Action]
) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        f"""
        SELECT {MOBILISATION}, committed_cents, lines, proposed_by, provider_link.email AS link_email,
            provider_link.generation AS link_generation
        FROM mobilisation
        LEFT JOIN provider_link ON provider_link.mobilisation_id = mobilisation.id
        WHERE request_id = $1
        ORDER BY proposed_at, id
        """,
        request_id,
    )
    entries = await reader.fetch(
        """
        SELECT order_entry.id, order_entry.mobilisation_id, order_entry.kind, order_entry.amount_cents,
            order_entry.dated, order_entry.reference, order_entry.recorded_at, order_entry.by
        FROM order_entry
        JOIN mobilisation ON mobilisation.id = order_entry.mobilisation_id
        WHERE mobilisation.request_id = $1
        ORDER BY order_entry.dated, order_entry.recorded_at
        """,
        request_id,
    )
    return [
        {
            **dict(row),
            "entries": [dict(entry) for entry in entries if entry["mobilisation_id"] == row["id"]],
            "allowed_actions": mobilisation_of(row).allowed_actions(state, by, held_back=waiting),
        }
        for row in rows
    ]


async def _grant(reader: Reader, request_id: UUID) -> dict[str, Any] | None:
    grant = await grant_of(reader, request_id)
    if grant is None:
        return None
    mobilised = await reader.fetchval(
        "SELECT coalesce(sum(committed_cents), 0)::bigint FROM mobilisation WHERE request_id = $1", request_id
    )
    return {
        "number": grant.number,
        "granted_cents": grant.amount_cents,
        "mobilised_cents": mobilised,
        "left_cents": grant.amount_cents - mobilised,
        "reserve": grant.reserve,
        "reserve_blocks": grant.blocks if grant.reserve else None,
    }


async def _open_points(reader: Reader, request_id: UUID, row: Row, today: date) -> list[OpenPoint]:
    """Return what is open of an accompaniment: what its end would have to carry, or has carried and is not settled."""
    dossier = Escalation(request_id, row["number"], row["departement"], State(row["state"]), starts_on=row["starts_on"])
    ordered = await reader.fetch(
        f"SELECT {MOBILISATION} FROM mobilisation WHERE request_id = $1 ORDER BY proposed_at, id", request_id
    )
    planned = await reader.fetch(
        "SELECT id, title, due_on, reached_on, cancelled_for FROM milestone WHERE request_id = $1 ORDER BY due_on, id",
        request_id,
    )
    return open_points(dossier, map(mobilisation_of, ordered), map(_milestone, planned), today=today)


async def _financing(reader: Reader, request_id: UUID) -> dict[str, Any] | None:
    row = await reader.fetchrow(
        "SELECT total_cents, shares, set_at, set_by FROM financing WHERE request_id = $1", request_id
    )
    return dict(row) if row else None


def _milestone(row: Row) -> Milestone:
    return Milestone(row["id"], row["title"], row["due_on"], row["reached_on"], cancelled_for=row["cancelled_for"])


async def _milestones(
    reader: Reader, request_id: UUID, state: State, by: By, today: date, period: Row
) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT id, title, deliverable, due_on, reached_on, first_due_on, postponed_for, cancelled_for
        FROM milestone
        WHERE request_id = $1
        ORDER BY due_on, id
        """,
        request_id,
    )
    return [
        {
            **dict(row),
            "overdue": row["due_on"] < today and state is State.ACCOMPANIED and _milestone(row).is_open,
            "allowed_actions": _milestone(row).allowed_actions(state, by, today=today, ends_on=period["ends_on"]),
        }
        for row in rows
    ]


async def _progress(reader: Reader, request_id: UUID) -> list[dict[str, Any]]:
    """Return the progress reports, the latest first."""
    rows = await reader.fetch(
        """
        SELECT progress.id, progress.at, progress.team, progress.author, progress.percent, progress.text,
            progress.milestone_id, milestone.title AS milestone
        FROM progress
        LEFT JOIN milestone ON milestone.id = progress.milestone_id
        WHERE progress.request_id = $1
        ORDER BY progress.at DESC
        """,
        request_id,
    )
    return [dict(row) for row in rows]


async def _deliverables(reader: Reader, request_id: UUID) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT deliverable.id, deliverable.at, deliverable.team, deliverable.author, deliverable.name,
            deliverable.media_type, deliverable.size, deliverable.milestone_id, milestone.title AS milestone
        FROM deliverable
        LEFT JOIN milestone ON milestone.id = deliverable.milestone_id
        WHERE deliverable.request_id = $1
        ORDER BY deliverable.at
        """,
        request_id,
    )
    return [dict(row) for row in rows]


async def _evaluations(reader: Reader, request_id: UUID) -> dict[str, Any]:
    """Return the evaluations, the latest first, and the latest by itself."""
    rows = await reader.fetch(
        """
        SELECT need_met, progress, satisfaction, impact, comment, submitted_at, round
        FROM evaluation
        WHERE request_id = $1
        ORDER BY submitted_at DESC
        """,
        request_id,
    )
    found = [dict(row) for row in rows]
    return {"evaluation": found[0] if found else None, "evaluations": found}


async def _timeline(reader: Reader, request_id: UUID, dossier: Dossier) -> list[dict[str, Any]]:
    rows = await reader.fetch(
        """
        SELECT at, type, team, fact
        FROM step
        WHERE request_id = $1
        ORDER BY at, position
        """,
        request_id,
    )
    here = {(row["at"], row["type"]) for row in rows}
    before = [
        {**step.model_dump(), "label": step.label or event_word(step.type)}
        for step in dossier.history
        if (step.at, step.type) not in here
    ]
    since = [_step(row, dossier.request) for row in rows]
    return sorted(before + since, key=lambda step: step["at"])


def _step(row: Row, request: Request) -> dict[str, Any]:
    fact = restored(row["type"], row["fact"], request=request)
    return {
        "at": row["at"],
        "type": row["type"],
        "label": event_word(row["type"]),
        "team": row["team"],
        "author": author_of(fact, request),
        "detail": detail_of(fact),
    }
