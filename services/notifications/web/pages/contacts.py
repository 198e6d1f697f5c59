"""Pages of the directory: the list of teams, and the form of one team's addresses."""

from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.response import Template
from pydantic import model_validator

from services.notifications.reads import contacts
from services.notifications.usecases.directory import EnterContact, Entry, Team, entry_of
from services.notifications.web import words
from services.notifications.web.context import AgentContext
from services.notifications.web.directory import all_entries, contact_views, title_of
from shared.web.actions import Refused
from shared.web.pages import render
from shared.web.paging import Page


class TeamForm(Team):
    """A team as the address of its page names it: `departement:95`."""

    team: str

    @model_validator(mode="before")
    @classmethod
    def _of_the_address(cls, data: dict[str, Any]) -> dict[str, Any]:
        audience, _, scope = data["team"].partition(":")
        return {**data, "audience": audience, "scope": scope or None}


class EnterContactForm(TeamForm, EnterContact):
    """How this team is reached."""


@get("/annuaire")
async def show_directory(
    context: NamedDependency[AgentContext], paging: NamedDependency[Page], q: FromQuery[str] = ""
) -> Template:
    """List the teams that the agent sees, and the local providers who were asked."""
    entries = await all_entries(context.database, context.agent, context.parts)
    views = await contact_views(context.database, context.agent, context.parts, entries)
    asked = q.strip().lower()
    teams = [
        (path_of(entry), title_of(entry), view)
        for entry, view in zip(entries, views, strict=True)
        if asked in f"{title_of(entry)} {view.name} {view.email}".lower()
    ]
    providers = await contacts.providers(context.database, context.perimeter, asked or None, paging)
    return render(
        context.request,
        "contacts/list.html",
        teams=teams,
        providers=providers.items,
        total=providers.total,
        paging=paging,
        sources=words.SOURCE,
    )


def path_of(entry: Entry) -> str:
    """Return the part of the address that names a team, such as `departement:95`."""
    return f"{entry.audience}:{entry.scope}" if entry.scope else entry.audience


async def show_contact(context: AgentContext, team: str, *, refused: Refused | None = None) -> Template:
    """Show a team's entry, as a form to who keeps it."""
    audience, _, scope = team.partition(":")
    entry = entry_of(audience, scope or None, context.agent)
    (view,) = await contact_views(context.database, context.agent, context.parts, [entry])
    return render(
        context.request,
        "contacts/detail.html",
        status_code=refused.status if refused else 200,
        title=title_of(entry),
        path=path_of(entry),
        contact=view,
        values=refused.form.values if refused else view.model_dump(include={"name", "address", "email", "phone"}),
        errors=refused.form.errors if refused else {},
        sources=words.SOURCE,
    )
