"""From a dossier's rows to what the components of its page take."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from services.escalation.domain.moves import State
from services.escalation.reads.committee import SessionSummary
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.reads.directory import LotRow
from services.escalation.reads.dossiers import EscalationSummary
from services.escalation.web.showing import TONES
from shared.contracts import escalation, intake, qualification
from shared.contracts.vocabulary import Team
from shared.french.dates import short_date_fr
from shared.french.numbers import euros
from shared.french.words import state_word, word

_MARKS: Final[Mapping[str, str]] = {
    intake.RequestWithdrawn.wire_type: "refused",
    qualification.OrientationDeclined.wire_type: "refused",
    qualification.RequestRefused.wire_type: "refused",
    qualification.StageOverdue.wire_type: "late",
    escalation.StageOverdue.wire_type: "late",
}
"""How the entry of an event looks in the timeline, where it is not simply done."""


def beside(item: EscalationSummary, filters_kept: str, today: date) -> dict[str, Any]:
    """Make an entry of the list at the left of a dossier."""
    runs = item.due_on is not None and item.state is not State.AWAITING_DEPARTEMENT
    return {
        "href": f"/demandes/{item.request_id}{filters_kept}",
        "title": item.title,
        "number": item.number,
        "text": f"{item.applicant_name} ({item.departement})",
        "state": (state_word(item.state.value), TONES[item.state]),
        "deadline": (item.due_on, today) if runs else None,
    }


def session_option(session: SessionSummary) -> tuple[str, str]:
    """Make a choice of the form that puts a dossier on an agenda."""
    return str(session.id), f"{session.title} – {short_date_fr(session.held_on)}"


def lot_option(lot: LotRow) -> tuple[str, str]:
    """Make a choice of the form that orders on a framework contract."""
    left = f"disponible : {euros(lot.available_cents)}"
    return str(lot.id), f"{lot.reference}, lot {lot.number} – {lot.title} ({lot.holder}), {left}"


def messages(dossier: EscalationDetail) -> list[dict[str, Any]]:
    """Make the conversation between the applicant and the département."""
    return [
        {
            "author": dossier.request.contact.name if message.author is Team.APPLICANT else word(message.author),
            "at": message.at,
            "text": message.text,
            "mine": message.author is not Team.APPLICANT,
        }
        for message in dossier.messages
    ]


def notes(dossier: EscalationDetail) -> list[dict[str, Any]]:
    """Make the list of internal notes."""
    return [
        {"author": note.by.name or word(note.by.role), "at": note.at, "text": note.text, "mine": True}
        for note in dossier.notes
    ]


def documents(dossier: EscalationDetail) -> list[dict[str, Any]]:
    """Make the list of files."""
    return [
        {
            "name": document.name,
            "href": f"/demandes/{dossier.request_id}/documents/{document.id}",
            "size": document.size,
            "at": document.added_at,
        }
        for document in dossier.documents
    ]


def life(dossier: EscalationDetail) -> list[dict[str, Any]]:
    """Make the timeline of the request."""
    return [
        {
            "at": step.at,
            "label": step.label,
            "team": step.team.value if step.team else None,
            "detail": step.detail,
            "state": _MARKS.get(step.type, "done"),
        }
        for step in dossier.timeline
    ]
