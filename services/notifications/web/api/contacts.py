"""The directory by program: how teams and local providers are reached."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from litestar import delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromQuery, JSONBody, QueryParameter
from pydantic import BaseModel, Field

from services.notifications.domain.directory import ServiceInCharge
from services.notifications.domain.perimeter import Perimeter
from services.notifications.reads.contacts import providers
from services.notifications.usecases import directory
from services.notifications.usecases.directory import Entry, entry_of
from services.notifications.usecases.parts import Parts
from services.notifications.web.directory import ContactView, all_entries, contact_views
from shared import clock
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.notifications import Audience
from shared.db import Cause, Database, Reader
from shared.identity.model import Agent
from shared.web.paging import Page, Paged


class NewContact(Command):
    """How a team is reached; `scope` is its département or its programme."""

    audience: Audience
    scope: str | None = Field(default=None, max_length=40)
    name: str = Field(min_length=1, max_length=200)
    address: str | None = Field(default=None, max_length=500)
    email: Email
    phone: str | None = Field(default=None, max_length=40)

    def entered(self) -> ServiceInCharge:
        """Give what was entered."""
        return ServiceInCharge(**self.model_dump(exclude={"audience", "scope"}))


class ProviderContactView(BaseModel):
    """How a local provider was reached last; his catalogue's entry is kept by qualification."""

    provider_id: UUID
    departement: str
    name: str
    email: str
    phone: str | None
    told_at: datetime
    takes_no_mail: bool


async def _one(reader: Reader, entry: Entry, agent: Agent, parts: Parts) -> ContactView:
    return (await contact_views(reader, agent, parts, [entry]))[0]


@get("/contacts")
async def list_contacts(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    paging: NamedDependency[Page],
) -> Paged[ContactView]:
    """List the teams that the caller sees."""
    entries = await all_entries(database, agent, parts)
    shown = entries[paging.offset : paging.offset + paging.limit]
    views = await contact_views(database, agent, parts, shown)
    return Paged[ContactView](items=views, total=len(entries), page=paging.number)


@put("/contacts")
async def enter_contact(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    data: JSONBody[NewContact],
) -> ContactView:
    """Keep how a team is reached, from now on."""
    entry = entry_of(data.audience, data.scope, agent)
    async with database.transaction(cause) as tx:
        await directory.enter_contact(tx, entry, data.entered(), by=agent, at=clock.now())
        return await _one(tx, entry, agent, parts)


@delete("/contacts", status_code=200)
async def withdraw_contact(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    audience: FromQuery[Audience],
    of: Annotated[str | None, QueryParameter(name="scope", description="Its département or its programme")] = None,
) -> ContactView:
    """Forget what was entered: what is configured or was told holds again."""
    entry = entry_of(audience, of, agent)
    async with database.transaction(cause) as tx:
        await directory.withdraw_contact(tx, entry, by=agent)
        return await _one(tx, entry, agent, parts)


@get("/providers")
async def list_providers(
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    q: Annotated[str | None, QueryParameter(description="In the name, the address or the département")] = None,
) -> Paged[ProviderContactView]:
    """List the local providers whom the caller's départements asked; those whose address takes no mail first."""
    found, total = await providers(database, Perimeter.of(agent), (q or "").strip() or None, paging)
    items = [
        ProviderContactView(
            takes_no_mail=each.bad,
            **{name: getattr(each, name) for name in ProviderContactView.model_fields if name != "takes_no_mail"},
        )
        for each in found
    ]
    return Paged[ProviderContactView](items=items, total=total, page=paging.number)
