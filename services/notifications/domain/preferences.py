"""Agents' mail preferences: at once, daily or weekly, and who receives copies during an absence."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from uuid import UUID

from shared.contracts.notifications import Audience
from shared.identity.model import Role


class Cadence(StrEnum):
    """How mail comes. `never` is for an agent's own address only: a team's mailbox always gets its mail."""

    INSTANT = "instant"
    DAILY = "daily"
    WEEKLY = "weekly"
    NEVER = "never"


EVERY_TEMPLATE = "*"
"""A preference for all mails of an audience that has none of its own."""

ROLES_OF: dict[Audience, frozenset[Role]] = {
    "departement": frozenset({Role.SAT_AGENT}),
    "delegate": frozenset({Role.DELEGATE}),
    "national": frozenset({Role.NATIONAL_AGENT, Role.COMMITTEE_SECRETARY}),
    "committee": frozenset({Role.COMMITTEE_SECRETARY}),
    "programme": frozenset({Role.PROGRAMME_AGENT}),
    "operator": frozenset({Role.OPERATOR}),
}
"""Whose mails an agent may receive and set. Applicants and providers always get theirs at once."""

MORNING = 8
MONDAY = 0


@dataclass(frozen=True, slots=True)
class Preference:
    """What was chosen for one holder, audience and template; `weekday` counts from Monday (0)."""

    cadence: Cadence
    hour: int = MORNING
    weekday: int = MONDAY

    def due(self, at: datetime, zone: tzinfo) -> datetime:
        """Return when a mail made now leaves: at once, or with the next digest, in the reader's own time."""
        if self.cadence in {Cadence.INSTANT, Cadence.NEVER}:
            return at
        here = at.astimezone(zone)
        moment = datetime.combine(here.date(), time(self.hour), tzinfo=zone)
        if self.cadence is Cadence.WEEKLY:
            moment += timedelta(days=(self.weekday - here.weekday()) % 7)
        if moment <= here:
            moment += timedelta(days=7 if self.cadence is Cadence.WEEKLY else 1)
        return moment


AT_ONCE = Preference(Cadence.INSTANT)


@dataclass(frozen=True, slots=True)
class Absence:
    """When an agent is away, both days included, and which colleague then gets their copies; None: nobody does."""

    from_on: date
    until_on: date
    stand_in: UUID | None = None
