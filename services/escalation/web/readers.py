"""Who sees what: the committee and the envelopes are not of one programme alone; a programme is its team's."""

from typing import Final

from services.escalation.usecases import acting
from shared.contracts.vocabulary import Programme
from shared.errors import NotFound
from shared.identity.model import Agent, Role

COMMITTEE_READERS: Final = (Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY, Role.OPERATOR, Role.AUDITOR)


def programme_named(name: str, agent: Agent) -> Programme:
    """Give a programme of the caller's perimeter by its wire value; refuses (`NotFound`) any other."""
    seen = acting.perimeter(agent).programmes
    if name not in {programme.value for programme in Programme} or (seen is not None and name not in seen):
        raise NotFound
    return Programme(name)
