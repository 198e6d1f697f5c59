"""The directory as agents see it, and the page where a team's entry is kept true."""

from typing import Any

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.notifications.domain.directory import ServiceInCharge
from services.notifications.domain.perimeter import Perimeter
from services.notifications.reads import contacts
from services.notifications.usecases import directory
from services.notifications.usecases.directory import Entry, NotYourContact, entry_of
from services.notifications.usecases.parts import Parts
from services.notifications.web import words
from services.notifications.web.directory import all_entries, contact_views, title_of
from services.notifications.web.pages.messages import Nothing
from shared import clock
from shared.contracts.fact import Email
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.forms import Form, read_form, submit, submit_once
from shared.web.pages import flash, render
from shared.web.paging import Page

Web = Request[Any, Any, Any]


class ContactForm(BaseModel):
    """How a team is reached."""

    name: str = Field(min_length=1, max_length=200)
    address: str | None = Field(default=None, max_length=500)
    email: Email
    phone: str | None = Field(default=None, max_length=40)


@get("/annuaire")
async def show_directory(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    paging: NamedDependency[Page],
    q: FromQuery[str] = "",
) -> Template:
    """List the teams that the agent sees, and the local providers who were asked."""
    entries = await all_entries(database, agent, parts)
    views = await contact_views(database, agent, parts, entries)
    asked = q.strip().lower()
    teams = [
        (entry, title_of(entry), view)
        for entry, view in zip(entries, views, strict=True)
        if asked in f"{title_of(entry)} {view.name} {view.email}".lower()
    ]
    providers, total = await contacts.providers(database, Perimeter.of(agent), asked or None, paging)
    return render(
        request,
        "contacts/list.html",
        teams=teams,
        providers=providers,
        total=total,
        paging=paging,
        sources=words.SOURCE,
    )


def _path(entry: Entry) -> str:
    return f"{entry.audience}:{entry.scope}" if entry.scope else entry.audience


def _entry(team: str, agent: Agent) -> Entry:
    audience, _, scope = team.partition(":")
    return entry_of(audience, scope or None, agent)


@get("/annuaire/{team:str}")
async def show_contact(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    parts: NamedDependency[Parts],
    team: FromPath[str],
) -> Template:
    """Show a team's entry, as a form to who keeps it."""
    return await _page(request, database, agent, parts, _entry(team, agent))


async def _page(
    request: Web,
    database: Database,
    agent: Agent,
    parts: Parts,
    entry: Entry,
    *,
    form: Form[ContactForm] | None = None,
    status: int = 200,
) -> Template:
    (view,) = await contact_views(database, agent, parts, [entry])
    return render(
        request,
        "contacts/detail.html",
        status_code=status,
        title=title_of(entry),
        path=_path(entry),
        contact=view,
        values=form.values if form else view.model_dump(include={"name", "address", "email", "phone"}),
        errors=form.errors if form else {},
        sources=words.SOURCE,
    )


@post("/annuaire/{team:str}")
async def enter_contact(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
    team: FromPath[str],
) -> Redirect | Template:
    """Keep how a team is reached."""
    entry = _entry(team, agent)
    if not entry.may_be_kept_by(agent):
        raise NotYourContact
    form = await read_form(request, ContactForm)

    async def act(tx: Transaction, typed: ContactForm) -> str:
        entered = ServiceInCharge(**typed.model_dump())
        await directory.enter_contact(tx, entry, entered, by=agent, at=clock.now())
        return f"/annuaire/{_path(entry)}"

    async def again(status: int) -> Template:
        return await _page(request, database, agent, parts, entry, form=form, status=status)

    said = "La fiche est enregistrée. Elle vaut pour les prochains messages, et pour ceux que vous renvoyez."
    return await submit(request, database, cause, form, act, again=again, said=said)


@post("/annuaire/{team:str}/retrait")
async def withdraw_contact(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    team: FromPath[str],
) -> Redirect:
    """Forget what was entered."""
    entry = _entry(team, agent)

    async def act(tx: Transaction) -> str:
        await directory.withdraw_contact(tx, entry, by=agent)
        flash(request, "La saisie est retirée. Ce qui est réglé ou annoncé par le service vaut de nouveau.")
        return f"/annuaire/{_path(entry)}"

    return await submit_once(database, await read_form(request, Nothing), act, cause=cause)
