"""How the choices of an agent are shown: one line per audience and destination, what holds when nothing was chosen."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Cadence
from services.notifications.reads.mails import choices
from services.notifications.store import preferences
from services.notifications.store.preferences import absence_of
from services.notifications.usecases.preferences import Destination, audiences_of, mailboxes_of, scopes_of, templates_of
from shared.contracts.notifications import Audience
from shared.db import Reader
from shared.french.dates import zone_of
from shared.identity.model import Agent


class ChoiceView(BaseModel):
    """How one sort of mail comes. `scope`: a département or a programme; `template` `*`: all that have no own line."""

    audience: Audience
    destination: Destination
    scope: str | None
    template: str
    cadence: Cadence
    hour: int
    weekday: int
    templates: list[str]


async def choice_views(reader: Reader, agent: Agent) -> list[ChoiceView]:
    """Show what holds for each of the agent's audiences."""
    places = [
        (audience, destination, scope, holder)
        for audience in audiences_of(agent)
        for destination, scope, holder in [
            *(
                ("mailbox", scope, holder)
                for scope, holder in zip(scopes_of(agent, audience), mailboxes_of(agent, audience), strict=True)
            ),
            ("personal", None, f"agent:{agent.id}"),
        ]
    ]
    made = await choices(reader, [place[3] for place in places])
    views = []
    for audience, destination, scope, holder in places:
        chosen = {choice.template: choice for choice in made if (choice.holder, choice.audience) == (holder, audience)}
        by_default = Cadence.INSTANT if destination == "mailbox" else Cadence.NEVER
        for template in [EVERY_TEMPLATE, *sorted(chosen.keys() - {EVERY_TEMPLATE})]:
            choice = chosen.get(template)
            views.append(
                ChoiceView(
                    audience=audience,
                    destination=destination,
                    scope=scope,
                    template=template,
                    cadence=Cadence(choice.cadence) if choice else by_default,
                    hour=choice.hour if choice else MORNING,
                    weekday=choice.weekday if choice else MONDAY,
                    templates=templates_of(audience),
                )
            )
    return views


def today_of(agent: Agent, at: datetime) -> date:
    """Give the day by the calendar of the agent's département; Paris when he has none, or several."""
    only = next(iter(agent.departements)) if len(agent.departements) == 1 else None
    return at.astimezone(zone_of(only)).date()


class ColleagueView(BaseModel):
    """Somebody who may stand in."""

    id: UUID
    name: str


class AbsenceView(BaseModel):
    """An absence, present or to come; all null when there is none."""

    from_on: date | None = None
    until_on: date | None = None
    stand_in: UUID | None = None
    colleagues: list[ColleagueView]


async def absence_view(reader: Reader, agent: Agent, *, at: datetime) -> AbsenceView:
    """Show an agent's absence, and who may stand in for him."""
    absence = await absence_of(reader, agent.id, today=today_of(agent, at))
    colleagues = [
        ColleagueView(id=colleague, name=name) for colleague, name in await preferences.colleagues(reader, agent.id)
    ]
    if absence is None:
        return AbsenceView(colleagues=colleagues)
    return AbsenceView(
        from_on=absence.from_on, until_on=absence.until_on, stand_in=absence.stand_in, colleagues=colleagues
    )
