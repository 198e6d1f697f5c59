"""How the caller's mail comes, and who reads it while he is away, by program."""

from datetime import date
from uuid import UUID

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import JSONBody
from pydantic import BaseModel, Field

from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Absence, Cadence
from services.notifications.usecases.absence import be_away, be_back
from services.notifications.usecases.preferences import Choice, Destination, choose
from services.notifications.web.choices import AbsenceView, ChoiceView, absence_view, choice_views, today_of
from shared import clock
from shared.commands import Command
from shared.contracts.notifications import Audience
from shared.db import Cause, Database
from shared.identity.model import Agent


class NewChoice(Command):
    """How one sort of mail shall come; without `scope`, for all of the agent's départements or programmes."""

    audience: Audience
    cadence: Cadence
    destination: Destination = "mailbox"
    template: str = EVERY_TEMPLATE
    scope: str | None = Field(default=None, max_length=40)
    hour: int = Field(default=MORNING, ge=0, le=23)
    weekday: int = Field(default=MONDAY, ge=0, le=6)


class NewChoices(Command):
    """Choices to keep; those that are not named stay as they are."""

    items: list[NewChoice] = Field(max_length=200)


class ChoicesView(BaseModel):
    """How mail comes now, mailbox by mailbox and for the agent's own address."""

    items: list[ChoiceView]


class NewAbsence(Command):
    """When the caller is away, both days included, and which colleague then gets his copies."""

    from_on: date
    until_on: date
    stand_in: UUID | None = None


@get("/preferences")
async def show_preferences(agent: NamedDependency[Agent], database: NamedDependency[Database]) -> ChoicesView:
    """Show how the caller's mail comes."""
    return ChoicesView(items=await choice_views(database, agent))


@put("/preferences")
async def set_preferences(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    data: JSONBody[NewChoices],
) -> ChoicesView:
    """Keep choices, and show how mail comes now."""
    choices = [Choice(**item.model_dump()) for item in data.items]
    async with database.transaction(cause) as tx:
        await choose(tx, choices, by=agent, at=clock.now())
        return ChoicesView(items=await choice_views(tx, agent))


@get("/absence")
async def show_absence(agent: NamedDependency[Agent], database: NamedDependency[Database]) -> AbsenceView:
    """Show the caller's absence, present or to come, and the colleagues who may stand in for him."""
    return await absence_view(database, agent, at=clock.now())


@put("/absence")
async def set_absence(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    data: JSONBody[NewAbsence],
) -> AbsenceView:
    """Keep an absence in place of the one before."""
    now = clock.now()
    async with database.transaction(cause) as tx:
        await be_away(tx, Absence(**data.model_dump()), by=agent, today=today_of(agent, now), at=now)
        return await absence_view(tx, agent, at=now)


@delete("/absence", status_code=200)
async def end_absence(
    agent: NamedDependency[Agent], database: NamedDependency[Database], cause: NamedDependency[Cause]
) -> AbsenceView:
    """Be back."""
    async with database.transaction(cause) as tx:
        await be_back(tx, by=agent)
        return await absence_view(tx, agent, at=clock.now())
