"""How the choices of an agent are shown: one line per audience and destination, what holds when nothing was chosen."""

from pydantic import BaseModel

from services.notifications import reads
from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Cadence
from services.notifications.usecases.preferences import Destination, audiences_of, scopes_of, templates_of
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
            *(_mailbox(audience, scope) for scope in scopes_of(agent, audience)),
            ("personal", None, f"agent:{agent.id}"),
        ]
    ]
    made = await reads.choices(reader, [place[3] for place in places])
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


def _mailbox(audience: Audience, scope: str | None) -> tuple[Destination, str | None, str]:
    return "mailbox", scope, f"mailbox:{audience}:{scope}" if scope else f"mailbox:{audience}"
