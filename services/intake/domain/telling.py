"""How a fact is told to the applicant: the stitch on his thread, and what was decided."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.intake.domain.life import Meaning
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Role, Team
from shared.contracts.withdrawal import WithdrawalAnswer
from shared.french.words import withdrawal_word

TOLD_OF_A_DECISION = {
    "number", "outcome", "motive", "support_types", "amount_cents", "reserve", "decided_on", "reserve_until", "appeal",
    "corrects",
}  # fmt: skip
"""What the applicant reads of a decision of the committee."""


SIGNED = {intake.MessagePosted, intake.ProgressTold}
"""What names its author in its label, not beside its detail."""


@dataclass(frozen=True, slots=True)
class Step:
    """One stitch of the thread that the applicant sees."""

    at: datetime
    type: str
    label: str | None
    team: Team
    detail: str | None = None


def decision_of(fact: Fact) -> dict[str, Any] | None:
    """Give what was decided and why, as the applicant may read it; None when the fact decides nothing."""
    match fact:
        case qualification.OrientedLocally() | qualification.OrientationAccepted():
            told: dict[str, Any] = {"outcome": "oriented_locally", "provider": {"name": fact.provider.name}}
            if isinstance(fact, qualification.OrientationAccepted):
                told["provider"] = fact.provider.model_dump(mode="json", include={"name", "email", "phone"})
                told["accepted"] = True
            else:
                told["motive"] = fact.motive
            team = Team.DEPARTEMENT
        case qualification.SupportedLocally():
            told = {
                "outcome": "supported_locally",
                "motive": fact.motive,
                "support_types": list(fact.support_types),
                "amount_cents": fact.amount_cents,
            }
            team = Team.DEPARTEMENT
        case qualification.DirectedToProgramme():
            told = {"outcome": "directed_to_programme", "motive": fact.motive, "programme": fact.programme}
            team = Team.DEPARTEMENT
        case qualification.RequestRefused():
            told = {"outcome": "refused", "motive": fact.motive, "appeal": fact.appeal}
            team = Team.DEPARTEMENT
        case escalation.DecisionMade() | escalation.DecisionCorrected():
            told = fact.decision.model_dump(mode="json", include=TOLD_OF_A_DECISION)
            team = Team.NATIONAL
        case _:
            return None
    return {**told, "team": team, "at": fact.at.isoformat()}


def step_of(fact: Fact, meaning: Meaning) -> Step:
    """Make the stitch of a fact."""
    label = meaning.label
    if isinstance(fact, intake.MessagePosted) and fact.by is not None:
        label = f"Message de {fact.by.name} au service départemental"
    if isinstance(fact, qualification.ExaminationStarted) and (fact.resumed or fact.reopened):
        label = "L’examen de votre demande reprend"
    if isinstance(fact, intake.ProgressTold | escalation.ProgressReported):
        label = _progress(fact)
    by = meaning.by
    if isinstance(fact, intake.RequestSubmitted) and is_filed_for_another(fact.request):
        label, by = "Demande déposée pour vous par le service départemental", Team.DEPARTEMENT
    return Step(fact.at, fact.wire_type, label, by, _detail(fact, meaning))


def is_filed_for_another(request: intake.Request) -> bool:
    """Tell whether an agent filed for the collectivité."""
    return request.filed_by is not None and request.filed_by.role is not Role.APPLICANT


def _progress(fact: intake.ProgressTold | escalation.ProgressReported) -> str:
    """Name who told how far what is."""
    if isinstance(fact, escalation.ProgressReported):
        author: str | None = fact.author
    else:
        author = fact.by.name if fact.by else None
    what = " – ".join(
        filter(None, ("Avancement", fact.milestone, f"{fact.percent}\u00a0%" if fact.percent is not None else None))
    )
    return f"{what}, par {author}" if author else what


def _detail(fact: Fact, meaning: Meaning) -> str | None:
    if isinstance(fact, WithdrawalAnswer):
        return withdrawal_word(fact)
    told = _member(fact, meaning.detail) if meaning.detail else None
    if isinstance(fact, intake.ApplicantFact) and fact.by is not None and type(fact) not in SIGNED:
        return f"{told}, par {fact.by.name}" if told else f"Par {fact.by.name}"
    return told


def _member(fact: Fact, name: str) -> str | None:
    value = getattr(fact, name)
    if isinstance(value, tuple):
        return "\n".join(str(item) for item in value)
    return str(getattr(value, "name", value)) or None
