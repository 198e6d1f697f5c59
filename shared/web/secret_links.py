"""Pages behind a secret link: headers that protect the address, and marks of routes that are authorised by it."""

from collections.abc import Mapping
from typing import Final, TypeVar

from litestar import Response

from shared.web.access import ELSEWHERE
from shared.web.middleware import REVEALS

Page = TypeVar("Page", bound=Response)  # type: ignore[type-arg] # any content

AUTHORIZED_BY_LINK: Final[Mapping[str, bool]] = {"exclude_from_csrf": True}
"""`opt` of routes that are authorised by the token in their address and by no cookie; they need no CSRF token.

A site that does not know the address cannot forge a request, and one that does needs no forgery. So a form still works
after days, or in a browser that deleted its cookies.
"""

FROM_ANOTHER_SERVICE: Final[Mapping[str, bool]] = {**AUTHORIZED_BY_LINK, ELSEWHERE: True}
"""`opt` of a form that another service posts, authorised by a token in its body and by no cookie."""

WITHOUT_CSRF: Final[Mapping[str, bool]] = {"exclude_from_csrf": True}
"""`opt` of anonymous forms: there is no authority to forge, so they need no CSRF token and work after days."""


SHOWS_SECRET_LINKS: Final[Mapping[str, bool]] = {REVEALS: True}
"""`opt` of routes that show a secret link to its owner, or to an agent who passes it on; all others mask links."""


def private(page: Page) -> Page:
    """Set headers that keep the page out of caches and search engines, and its address out of `Referer`."""
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    return page
