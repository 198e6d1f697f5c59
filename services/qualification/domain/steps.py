"""Map each event of the timeline to the team that acted."""

from typing import Final

from shared.contracts import notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Team

_TEAMS: Final = {
    "intake": Team.APPLICANT,
    "qualification": Team.DEPARTEMENT,
    "escalation": Team.NATIONAL,
}


def team_of(fact: Fact) -> Team | None:
    """Return the team that acted."""
    if isinstance(
        fact, qualification.OrientationAccepted | qualification.OrientationDeclined | notifications.ReplyReceived
    ):
        return Team.PROVIDER
    return _TEAMS.get(fact.wire_type.split(".", 1)[0])
