"""View of the directory: each team with its address, the source of the address, and whether it is rejected."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from services.notifications.domain.directory import ServiceInCharge
from services.notifications.reads import contacts as contacts_reads
from services.notifications.reads.contacts import announced_services, known_departements, rejected_addresses
from services.notifications.store.contacts import contacts
from services.notifications.usecases.deliveries import mailbox_address
from services.notifications.usecases.directory import Entry, entries_of
from services.notifications.usecases.parts import Parts
from services.notifications.web import words
from services.notifications.web.context import AgentContext
from shared.contracts.notifications import Audience
from shared.contracts.vocabulary import Programme
from shared.db import Reader
from shared.french.words import word
from shared.identity.model import Agent

Source = Literal["entered", "configured", "told"]


class ContactView(BaseModel):
    """How a team is reached. `source`: by its agents, by the settings, by its service's events; null: not known."""

    audience: Audience
    scope: str | None
    name: str
    address: str | None
    email: str | None
    phone: str | None
    source: Source | None
    takes_no_mail: bool
    changed_by: str | None
    changed_at: datetime | None
    allowed_actions: list[str]


def title_of(entry: Entry) -> str:
    """Name a team."""
    label = words.AUDIENCE[entry.audience]
    if entry.scope is None:
        return label
    return f"{label} – {word(Programme(entry.scope)) if entry.audience == 'programme' else entry.scope}"


async def contact_views(reader: Reader, agent: Agent, parts: Parts, entries: list[Entry]) -> list[ContactView]:
    """Show these teams."""
    entered = await contacts(reader, [entry.holder for entry in entries])
    announced = await announced_services(reader)
    by_whom = await contacts_reads.entered(reader)
    views = [
        _view(agent, parts, entry, entered.get(entry.holder), announced.get(entry.scope or "")) for entry in entries
    ]
    bad = await rejected_addresses(reader, [view.email for view in views if view.email])
    for entry, view in zip(entries, views, strict=True):
        view.takes_no_mail = (view.email or "").lower() in bad
        if entry.holder in by_whom:
            view.changed_by, view.changed_at = by_whom[entry.holder].changed_by, by_whom[entry.holder].changed_at
    return views


def _view(
    agent: Agent, parts: Parts, entry: Entry, entered: ServiceInCharge | None, announced: ServiceInCharge | None
) -> ContactView:
    service, source = entered, "entered" if entered else None
    if entry.audience == "departement":
        service = parts.directory.service(entry.scope or "", announced, entered)
        source = source or _source_of(service.email, announced)
    email = mailbox_address(entry.holder, parts.directory, service, {entry.holder: entered} if entered else {})
    may_edit = entry.may_be_edited_by(agent)
    return ContactView(
        audience=entry.audience,
        scope=entry.scope,
        name=service.name if service else title_of(entry),
        address=service.address if service else None,
        email=email,
        phone=service.phone if service else None,
        source=source or ("configured" if email else None),
        takes_no_mail=False,
        changed_by=None,
        changed_at=None,
        allowed_actions=[*(["enter"] if may_edit else []), *(["withdraw"] if may_edit and entered else [])],
    )


def _source_of(email: str | None, announced: ServiceInCharge | None) -> Source | None:
    if email is None:
        return None
    return "told" if announced and announced.email == email else "configured"


async def all_entries(reader: Reader, agent: Agent, parts: Parts) -> list[Entry]:
    """List the teams that an agent sees."""
    known = [*parts.directory.services, *parts.directory.delegates, *await known_departements(reader)]
    return entries_of(agent, known)


async def contact_view(context: AgentContext, reader: Reader, entry: Entry) -> ContactView:
    """Show one team."""
    return (await contact_views(reader, context.agent, context.parts, [entry]))[0]
