"""One Litestar application per service, wired once: sign-in, refusals, health, metrics, headers, limits.

Sections
1. `create_application(...)`: what a service's `main.py` calls. `serve(application, settings)`: runs it until SIGINT or SIGTERM.
2. Routes are plain Litestar handlers. **Closed by default**: a route (or Router, Controller) without `public=True` needs an agent;
   pages then go to `/connexion?next=…`, the API answers 401. `guards=[only(Role.X)]` (shared.web.access) narrows to roles.
   Everything below `/api/` is API: bearer tokens only (cookies never count), no CSRF, errors are problem+json.
   Everything else is pages: session cookie, CSRF (`_csrf_token` in the form), errors are HTML.
3. Dependencies, by parameter name: `agent: Agent` · `database: Database` · `cause: Cause` (for `database.transaction(cause)`) ·
   `page: Page` (`?page=&per_page=`, shared.web.paging). More through `dependencies=`.
4. Pages: `render(request, "cases/list.html", **context)`, `flash`, `redirect` (shared.web.pages); `read_form`, `submit_once`
   (shared.web.forms).
5. Refusals (shared.errors) are raised, never answered by hand: one table in shared.web.problems gives the status.
   Bodies of API calls are pydantic models deriving from `shared.web.problems.Body` (extra members refused): `data: NewThing`.
6. Answered by every service: `/health/live`, `/health/ready`, `/metrics`, `/api/v1/openapi.json`, `/static/…`, and, with an OIDC
   provider, `/connexion`, `/connexion/retour`, `POST /deconnexion` (shared.web.signin).
7. A larger body for one route (uploads): `request_max_body_size=52_428_800` on the handler.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from litestar import Litestar
from litestar.types import ControllerRouterHandler

from shared.db import Database
from shared.identity.model import Role
from shared.settings import ServiceSettings

ReadinessCheck: TypeAlias = Callable[[], Awaitable[str | None]]
"""Answers None when fine, else an English sentence that names what is missing."""

Lifespan: TypeAlias = Callable[[Litestar], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True)
class NavigationItem:
    """An entry of the menu; shown to agents with one of the roles, or to all when there are none."""

    label: str
    href: str
    roles: frozenset[Role] = frozenset()


def create_application(
    *,
    name: str,
    title: str,
    settings: ServiceSettings,
    database: Database,
    pages: Sequence[ControllerRouterHandler] = (),
    api: Sequence[ControllerRouterHandler] = (),
    templates: Sequence[Path] = (),
    lifespan: Sequence[Lifespan] = (),
    ready: Sequence[ReadinessCheck] = (),
    dependencies: Mapping[str, Callable[..., Any]] | None = None,
    navigation: Sequence[NavigationItem] = (),
) -> Litestar:
    """Build the application of one service.

    `name` is technical ("intake"), `title` French, shown in pages. `pages` are mounted at `/`, `api` at `/api/v1`.
    `templates` are the service's folders, searched before the common ones. `database` stays the caller's to close;
    readiness always includes it. `lifespan` managers run while the application does, in order.
    """
    raise NotImplementedError


async def serve(application: Litestar, settings: ServiceSettings) -> None:
    """Answer on the service's host and port until SIGINT or SIGTERM, then finish what is under way."""
    raise NotImplementedError
