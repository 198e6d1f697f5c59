"""Map each event of the timeline to the team that acted."""

from typing import Final

from shared.contracts import notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Role, Team

_TEAMS: Final = {
    "intake": Team.APPLICANT,
    "qualification": Team.DEPARTEMENT,
    "escalation": Team.NATIONAL,
}

LOCAL: Final = (
    qualification.LocalWorkStarted,
    qualification.LocalMilestoneSet,
    qualification.LocalMilestonePostponed,
    qualification.LocalMilestoneReached,
    qualification.LocalEndPostponed,
    qualification.LocalProgressReported,
    qualification.LocalDeliverableAdded,
    qualification.LocalWorkCompleted,
    qualification.LocalWorkStopped,
)
"""What whoever does the work of a local answer says of it: the provider, or the département."""


def team_of(fact: Fact) -> Team | None:
    """Return the team that acted."""
    if isinstance(
        fact, qualification.OrientationAccepted | qualification.OrientationDeclined | notifications.ReplyReceived
    ):
        return Team.PROVIDER
    if isinstance(fact, LOCAL) and fact.by.role is Role.PROVIDER:
        return Team.PROVIDER
    return _TEAMS.get(fact.wire_type.split(".", 1)[0])
