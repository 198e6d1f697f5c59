"""View models of the page of a dossier, made from the dossier's rows for its components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Self

from services.escalation.domain.moves import State
from services.escalation.reads.committee import SessionRow
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.directory import LotRow
from services.escalation.reads.dossiers import EscalationRow
from services.escalation.web.showing import TONES
from services.escalation.web.territory import TerritoryView
from shared.contracts import escalation, intake, qualification
from shared.contracts.vocabulary import Team
from shared.french.dates import short_date_fr
from shared.french.numbers import euros
from shared.french.words import state_word, word
from shared.web.actions import Action

_MARKS: Final[Mapping[str, str]] = {
    intake.RequestWithdrawn.wire_type: "refused",
    qualification.OrientationDeclined.wire_type: "refused",
    qualification.RequestRefused.wire_type: "refused",
    qualification.StageOverdue.wire_type: "late",
    escalation.StageOverdue.wire_type: "late",
}
"""How the entry of an event looks in the timeline, where it is not simply done."""

Choice = tuple[str, str]
"""What a form offers: a value, and its words."""


@dataclass(frozen=True, slots=True)
class QueueEntryView:
    """An entry of the list at the left of a dossier; `state` is words and colour, `deadline` a date and today."""

    href: str
    title: str
    number: str
    text: str
    state: tuple[str, str]
    deadline: tuple[date, date] | None

    @classmethod
    def of(cls, item: EscalationRow, *, query: str, today: date) -> Self:
        """Make the entry of a dossier; `query` stays in its address."""
        waits = item.state is State.AWAITING_DEPARTEMENT
        return cls(
            f"/demandes/{item.request_id}{query}",
            item.title,
            item.number,
            f"{item.applicant_name} ({item.departement})",
            (state_word(item.state.value), TONES[item.state]),
            (item.due_on, today) if item.due_on is not None and not waits else None,
        )


@dataclass(frozen=True, slots=True)
class MessageView:
    """A message, or a note; `mine` stands on the side of the reader."""

    author: str
    at: datetime
    text: str
    mine: bool


@dataclass(frozen=True, slots=True)
class FileView:
    """A document of the request; `size` in bytes."""

    name: str
    href: str
    size: int
    at: datetime


@dataclass(frozen=True, slots=True)
class TimelineEntryView:
    """An entry of the timeline; `state` is how it is marked."""

    at: datetime
    label: str
    team: str | None
    detail: str | None
    state: str


@dataclass(frozen=True, slots=True)
class DossierView:
    """What the page of a dossier shows beside the dossier itself."""

    beside: Sequence[QueueEntryView]
    query: str
    """Of the list that the reader came from."""
    forms: Sequence[Action]
    milestones: Sequence[Choice]
    operators: Sequence[Choice]
    sessions: Sequence[Choice]
    territory: TerritoryView
    may_note: bool


def session_option(session: SessionRow) -> Choice:
    """Make a choice of the form that puts a dossier on an agenda."""
    return str(session.id), f"{session.title} – {short_date_fr(session.held_on)}"


def lot_option(lot: LotRow) -> Choice:
    """Make a choice of the form that orders on a framework contract."""
    left = f"disponible : {euros(lot.available_cents)}"
    return str(lot.id), f"{lot.reference}, lot {lot.number} – {lot.title} ({lot.holder}), {left}"


def messages(dossier: EscalationView) -> list[MessageView]:
    """Make the conversation between the applicant and the département."""
    applicant = dossier.request.contact.name
    return [
        MessageView(
            applicant if message.author is Team.APPLICANT else word(message.author),
            message.at,
            message.text,
            mine=message.author is not Team.APPLICANT,
        )
        for message in dossier.messages
    ]


def notes(dossier: EscalationView) -> list[MessageView]:
    """Make the list of internal notes."""
    return [MessageView(note.by.name or word(note.by.role), note.at, note.text, mine=True) for note in dossier.notes]


def documents(dossier: EscalationView) -> list[FileView]:
    """Make the list of files."""
    address = f"/demandes/{dossier.request_id}/documents"
    return [
        FileView(document.name, f"{address}/{document.id}", document.size, document.added_at)
        for document in dossier.documents
    ]


def timeline(dossier: EscalationView) -> list[TimelineEntryView]:
    """Make the timeline of the request."""
    return [
        TimelineEntryView(
            step.at, step.label, step.team.value if step.team else None, step.detail, _MARKS.get(step.type, "done")
        )
        for step in dossier.timeline
    ]
