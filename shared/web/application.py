"""Build the Litestar application of a service: routes, authentication, sessions, CSRF, errors, health, templates.

Sections
1. `create_application(...)`: called by a service's `main.py`. `shared.web.server.serve` runs it until SIGTERM.
2. Routes are plain Litestar handlers, **closed by default**: without `public=True` (`opt={"public": True}` on a Router,
   `opt = …` in a Controller) they need an agent; pages then go to `/connexion?next=…`, the API answers 401.
   `guards=[only(Role.X)]` (shared.web.access) narrows to roles.
   Everything below `/api/` is API: bearer tokens only (cookies never count), no CSRF, errors are problem+json.
   Everything else is pages: session cookie, CSRF (`_csrf_token` in the form), errors are HTML.
3. A handler takes `context: NamedDependency[...]` (request, database, cause and who asks; a service provides its own
   kind by `dependencies=`, made of the dependencies `agent`, `cause` and `database`) and, for a list, `paging:
   NamedDependency[Page]` (`?page=&per_page=`, shared.web.paging). Every other parameter is marked too: `request_id:
   FromPath[UUID]`, `q: FromQuery[str | None] = None`, `data: JSONBody[NewThing]` (litestar.params); Litestar 3 warns
   of an unmarked one, and a warning is an error in tests.
4. An action that a page or the API offers is a row of the service's `web/actions.py`; its routes are made from the row
   (shared.web.actions). Other pages use `render`, `flash`, `redirect` (shared.web.pages), `read_form` and `submit`
   (shared.web.forms).
5. Refusals (shared.errors) are raised; one table in shared.web.problems maps them to statuses. Bodies of API calls are
   commands (shared.commands), which refuse unknown members. A `POST` handler that is written by hand answers 201
   unless it has `status_code=200`.
6. Every service has the routes `/health/live`, `/health/ready`, `/metrics`, `/api/v1/openapi.json`, `/static/…`,
   `/connexion`, `/connexion/retour`, `POST /deconnexion` (shared.web.signin).
7. A larger body for one route (uploads): `request_max_body_size=52_428_800` on the handler.
8. A handler runs again when PostgreSQL aborts its transaction because of a deadlock or a serialization failure (ADR
   30). Effects outside the database that come before the commit must be idempotent.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import timedelta
from functools import partial, wraps
from pathlib import Path
from typing import Any, Final, TypeAlias

from litestar import Litestar, Router
from litestar.config.csrf import CSRFConfig
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.file_system import BaseLocalFileSystem
from litestar.handlers import HTTPRouteHandler
from litestar.plugins.pydantic import PydanticPlugin
from litestar.routes import BaseRoute, HTTPRoute
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler, FileInfo, PathType

from shared import db, rounds
from shared.db import Database, retry_conflicts
from shared.keys import keys
from shared.settings import ServiceSettings
from shared.web import access, assets, forms, health, openapi, sessions, signin, well_known
from shared.web.consultation_log import log_consultations
from shared.web.health import ReadinessCheck
from shared.web.middleware import NotModified, RateLimit, RequestMiddleware, mask_secret_links, security_headers
from shared.web.pages import NavigationItem, Site, engine
from shared.web.paging import provide_page
from shared.web.problems import answer

__all__ = ["Lifespan", "NavigationItem", "ReadinessCheck", "create_application"]

Lifespan: TypeAlias = Callable[[Litestar], AbstractAsyncContextManager[None]]

SWEEP_EVERY: Final = 600.0
"""Seconds between two deletions of expired sessions and old form keys."""
FORM_KEYS_LAST: Final = timedelta(days=2)
WITHOUT_COOKIES: Final = [r"^/api/", r"^/health/", r"^/metrics", r"^/static/"]


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
    bell: str = "",
    away: Callable[[], Sequence[str]] = tuple,
    public: bool = False,
    consultations: Mapping[str, str] | None = None,
) -> Litestar:
    """Build the application of one service.

    `name` is technical ("intake"), `title` French, shown in pages. `pages` are mounted at `/`, `api` at
    `/api/v1`. `templates` are the service's folders, searched before the common ones. The caller closes `database`;
    readiness always includes it. `lifespan` managers run in their order while the application does. `bell` is the
    address of the agents' notifications, on this or another service of the site. `away` returns in French what is
    unavailable, for the page that answers 503. `public`: the service has pages for everybody, which search engines may
    index. `consultations`: SQL that maps path parameters to requests (shared.web.consultation_log); without it,
    consultations are not logged.
    """
    idle = timedelta(minutes=settings.session_idle_minutes)
    newest = keys(settings.secret_key.get_secret_value())[0]

    async def provide_database() -> Database:
        return database

    session_config = sessions.SessionConfig(
        database=database,
        key=_cookie(name, "session", settings),
        secure=settings.secure,
        idle=idle,
        absolute=timedelta(hours=settings.session_hours),
        exclude=WITHOUT_COOKIES,
    )
    application = Litestar(
        route_handlers=[
            Router(
                "/", route_handlers=[*pages, *signin.routes(settings, database, name=name)], include_in_schema=False
            ),
            Router("/api/v1", route_handlers=list(api)),
            Router("/", route_handlers=well_known.routes(settings, public=public), include_in_schema=False),
            openapi.route,
            *health.routes(database, ready, settings.monitoring_networks),
            create_static_files_router(
                assets.PREFIX,
                [assets.folder()],
                file_system=_StaticFiles(),
                opt={access.PUBLIC: True},
                middleware=[NotModified()],
            ),
        ],
        guards=[access.closed_by_default, access.refuse_cross_site_forms, access.require_content_type],
        dependencies={
            "agent": Provide(access.provide_agent),
            "cause": Provide(access.provide_cause),
            "database": Provide(provide_database),
            "paging": Provide(provide_page),
            **{key: Provide(provider) for key, provider in (dependencies or {}).items()},
        },
        exception_handlers={Exception: answer, HTTPException: answer},
        middleware=[
            RateLimit(settings.requests_per_minute),
            session_config.middleware,
            *([] if consultations is None else [log_consultations(database, consultations)]),
        ],
        csrf_config=CSRFConfig(
            secret=newest.secret,
            cookie_name=_cookie(name, "csrf" + (f"_{newest.id}" if newest.id else ""), settings),
            cookie_secure=settings.secure,
            cookie_httponly=True,
            cookie_samesite="lax",
            exclude=WITHOUT_COOKIES,
        ),
        template_config=engine(templates),
        openapi_config=openapi.configuration(title),
        plugins=[PydanticPlugin(prefer_alias=True)],
        request_max_body_size=settings.body_limit,
        before_send=[
            security_headers(secure=settings.secure, listens_to=bell),
            mask_secret_links,
        ],
        lifespan=[_sweeping(database, idle), *lifespan],
        logging_config=None,
        state=State(
            {
                "site": Site(name, title, tuple(navigation), bell, away),
                "database": database,
                "public_url": settings.public_url,
            }
        ),
    )
    _repeat_after_conflicts(application)
    application.asgi_handler = RequestMiddleware(application.asgi_handler, service=name)
    return application


class _StaticFiles(BaseLocalFileSystem):
    """The file system of `/static`."""

    async def info(self, path: PathType, **kwargs: Any) -> FileInfo:
        """Return the facts of a file; a name that no file can have (a null byte, 256 letters) is not found either."""
        try:
            return await super().info(path, **kwargs)
        except (ValueError, OSError) as error:
            raise FileNotFoundError from error


def _repeat_after_conflicts(application: Litestar) -> None:
    """Retry each handler after a deadlock or a serialization failure.

    Only the handler is repeated: its arguments were read, and the request stores the body. A handler that has committed
    a transaction is not repeated; the conflict is answered as `Busy`.
    """
    for handler in {id(handler): handler for route in application.routes for handler in _handlers_of(route)}.values():
        handler._fn = _repeated(handler.fn)  # noqa: SLF001 - Litestar has no hook around a handler alone


def _handlers_of(route: BaseRoute) -> list[HTTPRouteHandler]:
    handlers = route.route_handlers if isinstance(route, HTTPRoute) else ()
    return [handler for handler in handlers if not handler.has_sync_callable]


def _repeated(act: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
    @wraps(act)
    async def repeated(*given: Any, **named: Any) -> Any:
        return await retry_conflicts(partial(act, *given, **named))

    return repeated


def _cookie(name: str, purpose: str, settings: ServiceSettings) -> str:
    """Name a cookie so that services on other ports of the same host never read or overwrite it.

    The CSRF cookie also names its key: Litestar refuses a cookie made with an older key and does not replace it.
    """
    return f"{'__Host-' if settings.secure else ''}cousu_{name}_{purpose}"


def _sweeping(database: Database, idle: timedelta) -> Lifespan:
    """Delete expired sessions and old form keys while the application runs."""

    async def sweep() -> None:
        async with database.transaction() as tx:
            now = await db.now(tx)
            await sessions.sweep(tx, at=now, idle=idle)
            await forms.sweep(tx, before=now - FORM_KEYS_LAST)

    @asynccontextmanager
    async def sweeping(_: Litestar) -> AsyncIterator[None]:
        async with rounds.running(sweep, every=SWEEP_EVERY, name="web.sweep"):
            yield

    return sweeping
