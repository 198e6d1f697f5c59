"""Choose how mail comes: for a team's mailbox, or as copies at an agent's own address."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from services.notifications.domain.audiences import templates
from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, ROLES_OF, Cadence, Preference
from services.notifications.store.preferences import set_preference
from shared.contracts.notifications import Audience
from shared.db import Transaction
from shared.errors import FieldError, Forbidden, Invalid, NotFound
from shared.identity.model import Agent

Destination = Literal["mailbox", "personal"]


class NotYourMail(Forbidden):
    """These mails go to another role (HTTP 403)."""

    code = "not_your_mail"
    title = "These mails are for another role"
    sentence = "Ces messages concernent un autre rôle que le vôtre : vous ne pouvez pas en changer le rythme."


@dataclass(frozen=True, slots=True)
class Choice:
    """How one sort of mail shall come. `scope` is a département or a programme; without it, all of the agent's."""

    audience: Audience
    cadence: Cadence
    destination: Destination = "mailbox"
    template: str = EVERY_TEMPLATE
    scope: str | None = None
    hour: int = MORNING
    weekday: int = MONDAY


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


async def choose(tx: Transaction, choices: Iterable[Choice], *, by: Agent, at: datetime) -> None:
    """Keep choices; it changes mails to come, not those that already wait."""
    for number, choice in enumerate(choices):
        if choice.audience not in audiences_of(by):
            raise NotYourMail
        if choice.template not in {EVERY_TEMPLATE, *templates_of(choice.audience)}:
            raise Invalid([FieldError(f"items.{number}.template", "Ce modèle ne concerne pas ces destinataires.")])
        if choice.destination == "mailbox" and choice.cadence is Cadence.NEVER:
            sentence = "Une boîte de service reçoit toujours ses messages : choisissez instant, daily ou weekly."
            raise Invalid([FieldError(f"items.{number}.cadence", sentence)])
        preference = Preference(choice.cadence, choice.hour, choice.weekday)
        for holder in holders_of(by, choice):
            await set_preference(tx, holder, choice.audience, choice.template, preference, by=by.id, at=at)
