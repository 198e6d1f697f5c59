"""Page rendering: Jinja templates with their common variables, flash messages, redirects, navigation."""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request
from litestar.plugins.jinja import JinjaTemplateEngine
from litestar.response import Redirect, Template
from litestar.template import TemplateConfig
from litestar.utils.scope.state import ScopeState

from shared.identity.model import Agent, Role
from shared.web import assets, template_filters
from shared.web.access import current_agent
from shared.web.middleware import POSTS_TO
from shared.web.sessions import session_of

TEMPLATES: Final = Path(__file__).parent / "templates"
FLASH: Final = "flash"
KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the menu, shown to agents with one of the roles, or to everybody when there are none.

    With `whole_country`, agents who are limited to some départements do not see it.
    """

    label: str
    href: str
    roles: frozenset[Role] = frozenset()
    whole_country: bool = False

    def is_for(self, agent: Agent | None) -> bool:
        """Return whether this agent, or an anonymous visitor (None), sees the entry."""
        if agent is None:
            return not self.roles
        return (not self.roles or agent.has(*self.roles)) and not (self.whole_country and agent.perimeter is not None)


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of a service have in common."""

    name: str
    title: str
    navigation: tuple[NavigationItem, ...] = ()
    bell: str = ""
    """Address of the agents' notifications, on this or another service; empty without any."""
    away: Callable[[], Sequence[str]] = tuple
    """Returns in French what else is unavailable, for the page that answers 503."""


def render(request: Request[Any, Any, Any], template: str, *, status_code: int = 200, **context: object) -> Template:
    """Show a template, with the variables that every page has.

    These are `service`, `agent`, `csrf_token`, `form_key`, `flash`, `navigation`, `static` and `request`. Flash
    messages are removed when a layout shows them: a printed page or a PDF leaves them to the next page.
    """
    site: Site = request.app.state["site"]
    agent = current_agent(request) or session_of(request).agent
    common = {
        "service": site,
        "agent": agent,
        "csrf_token": csrf_token_of(request),
        "form_key": lambda: secrets.token_urlsafe(KEY_BYTES),
        "flash": lambda: take_flashes(request),
        "navigation": _navigation(site, agent, request.scope["path"]),
    }
    return Template(template, context={**common, **context}, status_code=status_code, media_type="text/html")


def flash(request: Request[Any, Any, Any], text: str, level: str = "success") -> None:
    """Store a French sentence for the next page; levels: success, info, warning, danger."""
    request.session[FLASH] = [*request.session.get(FLASH, []), [level, text]]  # a new list, so that it is stored


def posts_to(request: Request[Any, Any, Any], address: str) -> None:
    """Allow in the content security policy that a form of the page is posted to another service."""
    request.scope["state"][POSTS_TO] = "{0.scheme}://{0.netloc}".format(urlsplit(address))


def redirect(path: str) -> Redirect:
    """Return a redirect after a form (303 See Other)."""
    return Redirect(path, status_code=303)


def take_flashes(request: Request[Any, Any, Any]) -> list[tuple[str, str]]:
    """Return and remove the flash messages."""
    session = request.scope.get("session")
    if not isinstance(session, dict):
        return []
    return [(level, text) for level, text in session.pop(FLASH, [])]


def csrf_token_of(request: Request[Any, Any, Any]) -> str:
    """Return the CSRF token for the forms of this page."""
    token = ScopeState.from_scope(request.scope).csrf_token
    return token if isinstance(token, str) else ""


def engine(folders: Sequence[Path]) -> TemplateConfig[JinjaTemplateEngine]:
    """Make the template engine: the service's folders first, then the common ones; everything is escaped."""
    return TemplateConfig(instance=JinjaTemplateEngine.from_environment(environment(folders)))


def environment(folders: Sequence[Path]) -> Environment:
    """Return the Jinja environment of the service's folders and the common ones."""
    return _environment(tuple(folders))


@cache
def _environment(folders: tuple[Path, ...]) -> Environment:
    """Make the Jinja environment; cached, because tests make many applications."""
    environment = Environment(
        loader=FileSystemLoader([*folders, TEMPLATES]), autoescape=True, undefined=StrictUndefined, auto_reload=False
    )
    environment.globals["static"] = assets.address
    template_filters.install(environment)
    return environment


def _navigation(site: Site, agent: Agent | None, path: str) -> list[tuple[str, str, bool]]:
    """Return the entries that this agent sees; the current one is the longest prefix of the path."""
    shown = [item for item in site.navigation if item.is_for(agent)]
    leading = [item.href for item in shown if path == item.href or path.startswith(item.href.rstrip("/") + "/")]
    at_the_bell = site.bell != "" and path.startswith(site.bell)
    current = None if at_the_bell else max(leading, key=len, default=None)
    return [(item.label, item.href, item.href == current) for item in shown]
