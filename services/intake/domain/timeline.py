"""Convert an event to the entry of the applicant's timeline, and to the decision shown."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from services.intake.domain.life import Meaning, Status
from shared.calendar import today
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Actor, Fact
from shared.contracts.vocabulary import Role, Team, WithdrawalReason
from shared.contracts.withdrawal import WithdrawalAcceptance, WithdrawalRefusal
from shared.letters import Answer, answer_of

SHOWN_OF_A_DECISION = {
    "number", "outcome", "motive", "support_types", "amount_cents", "reserve", "decided_on", "reserve_until", "appeal",
    "corrects",
}  # fmt: skip
"""What the applicant reads of a decision of the committee."""


@dataclass(frozen=True, slots=True)
class Details:
    """What the applicant reads of a fact, as data; `text` is the member that its meaning names."""

    text: str | tuple[str, ...] | None = None
    by: str | None = None
    milestone: str | None = None
    percent: int | None = None
    again: bool = False
    """Whether an examination goes on that had stopped."""
    void: str | None = None
    """The decision that an accepted withdrawal ends."""
    too_late: WithdrawalReason | None = None
    departement: str | None = None
    """The département that has the request from then on."""


@dataclass(frozen=True, slots=True)
class Step:
    """One entry of the timeline that the applicant sees; `answer` is what its letter is made from."""

    at: datetime
    type: str
    team: Team
    details: Details = Details()
    answer: Answer | None = None


def decision_of(fact: Fact) -> dict[str, Any] | None:
    """Return what was decided and why, as the applicant may read it; None when the fact decides nothing."""
    match fact:
        case qualification.OrientedLocally() | qualification.OrientationAccepted():
            shown: dict[str, Any] = {"outcome": Status.ORIENTED_LOCALLY, "provider": {"name": fact.provider.name}}
            if isinstance(fact, qualification.OrientationAccepted):
                shown["provider"] = fact.provider.model_dump(mode="json", include={"name", "email", "phone"})
                shown["accepted"] = True
            else:
                shown["motive"] = fact.motive
            team = Team.DEPARTEMENT
        case qualification.SupportedLocally():
            shown = {
                "outcome": Status.SUPPORTED_LOCALLY,
                "motive": fact.motive,
                "support_types": list(fact.support_types),
                "amount_cents": fact.amount_cents,
            }
            team = Team.DEPARTEMENT
        case qualification.DirectedToProgramme():
            shown = {"outcome": Status.DIRECTED_TO_PROGRAMME, "motive": fact.motive, "programme": fact.programme}
            team = Team.DEPARTEMENT
        case qualification.RequestRefused():
            shown = {"outcome": Status.REFUSED, "motive": fact.motive, "appeal": fact.appeal}
            team = Team.DEPARTEMENT
        case escalation.DecisionMade() | escalation.DecisionCorrected():
            shown = fact.decision.model_dump(mode="json", include=SHOWN_OF_A_DECISION)
            if isinstance(fact, escalation.DecisionCorrected) and fact.was:
                shown["was"] = fact.was.model_dump(mode="json")
            team = Team.NATIONAL
        case _:
            return None
    return {**shown, **_act(fact), "team": team, "at": fact.at.isoformat()}


def _act(fact: Fact) -> dict[str, Any]:
    """Return who took a decision of the département, in which quality, on which day, and how it is contested."""
    act = getattr(fact, "act", None)
    if not isinstance(act, qualification.Act):
        return {}
    decided_on = today(fact.departement, fact.at).isoformat()
    return {"decided_on": decided_on, **act.model_dump(exclude={"service"}, exclude_none=True)}


def step_of(fact: Fact, meaning: Meaning) -> Step:
    """Return the timeline entry of a fact."""
    by = meaning.by
    if isinstance(fact, intake.RequestSubmitted) and is_filed_for_another(fact.request):
        by = Team.DEPARTEMENT
    return Step(fact.at, fact.wire_type, by, _details(fact, meaning), answer_of(fact))


def is_filed_for_another(request: intake.Request) -> bool:
    """Return whether an agent filed for the collectivité."""
    return request.filed_by is not None and request.filed_by.role is not Role.APPLICANT


def _details(fact: Fact, meaning: Meaning) -> Details:
    details = Details(_member(fact, meaning.detail) if meaning.detail else None)
    if isinstance(fact, intake.ApplicantFact) and fact.by:
        details = replace(details, by=fact.by.name)
    return replace(details, **_own_details(fact))


def _own_details(fact: Fact) -> dict[str, Any]:
    """Return the details that facts of this type alone have."""
    own: dict[str, Any] = {}
    match fact:
        case WithdrawalAcceptance():
            own = {"void": fact.void}
        case WithdrawalRefusal():
            own = {"too_late": fact.reason}
        case qualification.RequestRegistered() | qualification.RequestTransferred():
            own = {"departement": fact.departement}
        case qualification.ExaminationStarted():
            own = {"again": fact.resumed or fact.reopened}
        case escalation.ProgressReported(author=who) | qualification.LocalProgressReported(by=Actor(name=who)):
            own = {"by": who, "milestone": fact.milestone, "percent": fact.percent}
        case intake.ProgressTold():
            own = {"milestone": fact.milestone, "percent": fact.percent}
    return own


def _member(fact: Fact, name: str) -> str | tuple[str, ...] | None:
    value = getattr(fact, name)
    if isinstance(value, tuple):
        return tuple(str(item) for item in value)
    return str(getattr(value, "name", value)) or None
