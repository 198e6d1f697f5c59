"""View of an agent's mail preferences: one line per audience and destination, with the default that applies."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Cadence
from services.notifications.reads.mails import choices
from services.notifications.store import preferences as store
from services.notifications.usecases.absence import today_of
from services.notifications.usecases.preferences import Destination, audiences_of, mailboxes_of, scopes_of, templates_of
from services.notifications.web.context import AgentContext
from shared import clock
from shared.contracts.notifications import Audience
from shared.db import Reader
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


async def absence_view(context: AgentContext, reader: Reader) -> AbsenceView:
    """Show the agent's absence, present or to come, and the colleagues who may stand in for them."""
    agent = context.agent
    absence = await store.absence_of(reader, agent.id, today=today_of(agent, clock.now()))
    colleagues = [
        ColleagueView(id=colleague, name=name) for colleague, name in await store.colleagues(reader, agent.id)
    ]
    if absence is None:
        return AbsenceView(colleagues=colleagues)
    return AbsenceView(
        from_on=absence.from_on, until_on=absence.until_on, stand_in=absence.stand_in, colleagues=colleagues
    )


class ChoicesView(BaseModel):
    """How mail comes now, mailbox by mailbox and for the agent's own address."""

    items: list[ChoiceView]


async def choices_view(context: AgentContext, reader: Reader) -> ChoicesView:
    """Show how the agent's mail comes."""
    return ChoicesView(items=await choice_views(reader, context.agent))
