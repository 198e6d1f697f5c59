"""Set or end an agent's absence; a colleague receives the agent's mail meanwhile."""

from datetime import date, datetime
from uuid import UUID

from services.notifications.domain.preferences import Absence
from services.notifications.store import preferences as store
from services.notifications.usecases.context import Context
from services.notifications.usecases.preferences import audiences_of
from shared.commands import Command, NoBody
from shared.errors import FieldError, Invalid
from shared.french.dates import zone_of
from shared.identity.model import Agent


class SetAbsence(Command):
    """When the agent is away, both days included, and which colleague then gets their copies."""

    from_on: date
    until_on: date
    stand_in: UUID | None = None


def today_of(agent: Agent, at: datetime) -> date:
    """Return the day by the calendar of the agent's département; of Paris when they have none, or several."""
    only = next(iter(agent.departements)) if len(agent.departements) == 1 else None
    return at.astimezone(zone_of(only)).date()


async def set_absence(do: Context, command: SetAbsence) -> None:
    """Store an absence in place of the one before; refuses days gone by, and a colleague who sees less."""
    today = today_of(do.agent, do.at)
    errors = []
    if command.until_on < command.from_on:
        errors.append(FieldError("until_on", "Indiquez un jour qui suit le premier jour d’absence."))
    elif command.until_on < today:
        errors.append(FieldError("until_on", "Cette absence est déjà terminée : indiquez un jour à venir."))
    able = {colleague for colleague, _ in await store.colleagues(do.tx, do.agent.id)}
    if command.stand_in is not None and (command.stand_in not in able or not audiences_of(do.agent)):
        sentence = "Choisissez un collègue qui a les mêmes rôles et le même périmètre que vous."
        errors.append(FieldError("stand_in", sentence))
    if errors:
        raise Invalid(errors)
    absence = Absence(command.from_on, command.until_on, command.stand_in)
    await store.set_absence(do.tx, do.agent.id, absence, at=do.at)


async def end_absence(do: Context, _: NoBody) -> None:
    """End an absence, or give up one to come."""
    await store.end_absence(do.tx, do.agent.id)
