"""French label and detail of each entry of the applicant's timeline."""

from typing import Final

from services.intake.domain.life import MEANINGS
from services.intake.domain.timeline import Step
from shared.contracts import BY_TYPE, escalation, intake, qualification
from shared.contracts.vocabulary import Team
from shared.french.words import event_word, too_late_word, void_word

_PROGRESS: Final = (
    intake.ProgressTold.wire_type,
    escalation.ProgressReported.wire_type,
    qualification.LocalProgressReported.wire_type,
)
_SIGNED_IN_LABEL: Final = (intake.MessagePosted.wire_type, *_PROGRESS)


def label_of(step: Step) -> str:
    """Return what happened, in the words of this service or else the common ones."""
    details = step.details
    if step.type in _PROGRESS:
        return _progress(step)
    if step.type == intake.MessagePosted.wire_type and details.by:
        return f"Message de {details.by} au service départemental"
    if step.type == intake.RequestSubmitted.wire_type and step.team is Team.DEPARTEMENT:
        return "Demande déposée pour vous par le service départemental"
    if step.type == qualification.ExaminationStarted.wire_type and details.again:
        return "L’examen de votre demande reprend"
    if step.type == escalation.DecisionCorrected.wire_type:
        return "Le comité a corrigé sa décision"
    meaning = MEANINGS.get(BY_TYPE[step.type])
    return (meaning.label if meaning else None) or event_word(step.type)


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


def _progress(step: Step) -> str:
    details = step.details
    percent = f"{details.percent}\u00a0%" if details.percent is not None else None
    what = " – ".join(filter(None, ("Avancement", details.milestone, percent)))
    return f"{what}, par {details.by}" if details.by else what
