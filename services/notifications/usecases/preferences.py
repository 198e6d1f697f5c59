"""Set mail preferences: for a team's mailbox, or for copies to an agent's own address."""

from typing import Literal

from pydantic import Field

from services.notifications.domain.audiences import templates
from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, ROLES_OF, Cadence, Preference
from services.notifications.store.preferences import set_preference
from services.notifications.usecases.context import Context
from shared.commands import Command
from shared.contracts.notifications import Audience
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.identity.model import Agent

Destination = Literal["mailbox", "personal"]


class NotYourMail(Forbidden):
    """These mails go to another role (HTTP 403)."""

    code = "not_your_mail"
    title = "These mails are for another role"
    sentence = "Ces messages concernent un autre rôle que le vôtre : vous ne pouvez pas en changer le rythme."


class Choice(Command):
    """How one sort of mail shall come; without `scope`, for all of the agent's départements or programmes."""

    audience: Audience
    cadence: Cadence
    destination: Destination = "mailbox"
    template: str = EVERY_TEMPLATE
    scope: str | None = Field(default=None, max_length=40)
    hour: int = Field(default=MORNING, ge=0, le=23)
    weekday: int = Field(default=MONDAY, ge=0, le=6)


class Choose(Command):
    """Choices to keep; those that are not named stay as they are."""

    items: list[Choice] = Field(max_length=200)


def audiences_of(agent: Agent) -> list[Audience]:
    """List the audiences whose mails the agent may receive and set."""
    return [audience for audience, roles in ROLES_OF.items() if agent.has(*roles)]


def templates_of(audience: Audience) -> list[str]:
    """List the templates of an audience's mails."""
    return sorted({mail.template for _, mail in templates() if mail.audience == audience})


def scopes_of(agent: Agent, audience: Audience) -> list[str | None]:
    """List the mailboxes of an audience that the agent answers for: by département, by programme, or just one."""
    match audience:
        case "departement" | "delegate":
            return [*sorted(agent.departements)]
        case "programme":
            return [*sorted(agent.programmes)]
        case _:
            return [None]


def holders_of(agent: Agent, choice: Choice) -> list[str]:
    """Name what a choice is about; a scope that is not the agent's is `NotFound`."""
    if choice.destination == "personal":
        return [f"agent:{agent.id}"]
    scopes = scopes_of(agent, choice.audience)
    if choice.scope is not None and choice.scope not in scopes:
        raise NotFound
    mailboxes = mailboxes_of(agent, choice.audience)
    return mailboxes if choice.scope is None else [mailboxes[scopes.index(choice.scope)]]


def mailboxes_of(agent: Agent, audience: Audience) -> list[str]:
    """Name the mailboxes of an audience that the agent answers for, in the order of `scopes_of`."""
    return [f"mailbox:{audience}:{scope}" if scope else f"mailbox:{audience}" for scope in scopes_of(agent, audience)]


async def choose(do: Context, command: Choose) -> None:
    """Store choices; they change mails to come, not those that already wait."""
    agent = do.agent
    for number, choice in enumerate(command.items):
        if choice.audience not in audiences_of(agent):
            raise NotYourMail
        if choice.template not in {EVERY_TEMPLATE, *templates_of(choice.audience)}:
            raise Invalid([FieldError(f"items.{number}.template", "Ce modèle ne concerne pas ces destinataires.")])
        if choice.destination == "mailbox" and choice.cadence is Cadence.NEVER:
            sentence = "Une boîte de service reçoit toujours ses messages : choisissez instant, daily ou weekly."
            raise Invalid([FieldError(f"items.{number}.cadence", sentence)])
        preference = Preference(choice.cadence, choice.hour, choice.weekday)
        for holder in holders_of(agent, choice):
            await set_preference(do.tx, holder, choice.audience, choice.template, preference, by=agent.id, at=do.at)
