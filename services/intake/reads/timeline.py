"""French label and detail of each entry of the applicant's timeline."""

from collections.abc import Sequence
from typing import Final

from services.intake.domain.life import MEANINGS
from services.intake.domain.timeline import Step
from shared.contracts import BY_TYPE, escalation, intake, qualification
from shared.contracts.vocabulary import Team
from shared.french.words import event_word, too_late_word, void_word
from shared.territory.administrative_courts import of_departement

_PROGRESS: Final = (
    intake.ProgressTold.wire_type,
    escalation.ProgressReported.wire_type,
    qualification.LocalProgressReported.wire_type,
)
_SIGNED_IN_LABEL: Final = (intake.MessagePosted.wire_type, *_PROGRESS)
_NAMED: Final = {
    qualification.RequestRegistered.wire_type: "Demande enregistrée par le département",
    qualification.RequestTransferred.wire_type: "Demande transmise au département",
}
"""Entries that name the département; those of before November 2026 do not know it."""
_PREPARED: Final = qualification.OutcomeProposed.wire_type


def without_repetition(steps: Sequence[Step]) -> list[Step]:
    """Leave out that an answer is prepared where it already was: what the département rejects is its own affair."""
    shown, prepared = [], False
    for step in steps:
        if step.type == _PREPARED:
            if prepared:
                continue
            prepared = True
        elif _moves(step):
            prepared = False
        shown.append(step)
    return shown


def label_of(step: Step) -> str:
    """Return what happened, in the words of this service or else the common ones."""
    details = step.details
    if step.type in _PROGRESS:
        return _progress(step)
    if details.departement and step.type in _NAMED:
        return f"{_NAMED[step.type]} {of_departement(details.departement)}"
    if special := _special(step):
        return special
    meaning = MEANINGS.get(BY_TYPE[step.type])
    return (meaning.label if meaning else None) or event_word(step.type)


def _special(step: Step) -> str | None:
    """Return the words of an entry whose details change what happened."""
    details = step.details
    if step.type == intake.MessagePosted.wire_type and details.by:
        return f"Message de {details.by} au service départemental"
    if step.type == intake.RequestSubmitted.wire_type and step.team is Team.DEPARTEMENT:
        return "Demande déposée pour vous par le service départemental"
    if step.type == qualification.ExaminationStarted.wire_type and details.again:
        return "L’examen de votre demande reprend"
    if step.type == escalation.DecisionCorrected.wire_type:
        return "Le comité a corrigé sa décision"
    return None


def detail_of(step: Step) -> str | None:
    """Return what the applicant reads below the label; None where the label says it all."""
    details = step.details
    if details.too_late:
        return too_late_word(details.too_late)
    if details.void:
        return void_word(details.void)
    text = "\n".join(details.text) if isinstance(details.text, tuple) else details.text
    if details.by and step.type not in _SIGNED_IN_LABEL:
        return f"{text}, par {details.by}" if text else f"Par {details.by}"
    return text


def _moves(step: Step) -> bool:
    """Return whether an entry moves the request: all do but what is only written or joined."""
    meaning = MEANINGS.get(BY_TYPE[step.type])
    return meaning is None or meaning.status is not None


def _progress(step: Step) -> str:
    details = step.details
    percent = f"{details.percent}\u00a0%" if details.percent is not None else None
    what = " – ".join(filter(None, ("Avancement", details.milestone, percent)))
    return f"{what}, par {details.by}" if details.by else what
