"""Well-known addresses: `/robots.txt`, `/favicon.ico`, `/.well-known/security.txt`."""

from datetime import timedelta
from typing import Final

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect

from shared import clock
from shared.errors import NotFound
from shared.settings import ServiceSettings
from shared.web import assets

TEXT: Final = "text/plain; charset=utf-8"

HOLDS_FOR: Final = timedelta(days=180)
"""Validity of the security contact from each answer on; RFC 9116 asks for less than a year."""


def routes(settings: ServiceSettings, *, public: bool) -> list[HTTPRouteHandler]:
    """Make the routes; `public`: robots may read pages of the service."""

    @get("/robots.txt", public=True, media_type=TEXT, sync_to_thread=False)
    def robots() -> str:
        closed = ("/suivi/", "/api/", "/connexion") if public else ("/",)
        return "User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in closed)

    @get("/favicon.ico", public=True, sync_to_thread=False)
    def favicon() -> Redirect:
        return Redirect(assets.address("icon.svg"), status_code=302)

    @get("/.well-known/security.txt", public=True, sync_to_thread=False)
    def security() -> Response[str]:
        if settings.security_contact is None:
            raise NotFound
        expires = (clock.now() + HOLDS_FOR).strftime("%Y-%m-%dT00:00:00Z")
        lines = [f"Contact: {settings.security_contact}", f"Expires: {expires}", "Preferred-Languages: fr, en"]
        return Response("\n".join(lines) + "\n", media_type=TEXT)

    return [robots, favicon, security]
