"""Pages opened by a secret link: route options without CSRF, and headers against caches, Referer and search engines."""

from collections.abc import Mapping
from typing import Final, TypeVar

from litestar import Response

from shared.web.access import ELSEWHERE
from shared.web.middleware import REVEALS

Page = TypeVar("Page", bound=Response)  # type: ignore[type-arg] # any content

AUTHORIZED_BY_LINK: Final[Mapping[str, bool]] = {"exclude_from_csrf": True}
"""Routes whose right to act lies in their address and in no cookie.

Another site that does not know the address can forge nothing, and one that does needs no forgery. So a page that stood
open for days, or a browser that forgot its cookies, still sends what was typed.
"""

FROM_ANOTHER_SERVICE: Final[Mapping[str, bool]] = {**AUTHORIZED_BY_LINK, ELSEWHERE: True}
"""A form that a page of another service posts, whose right to act lies in what it posts and in no cookie."""

WITHOUT_CSRF: Final[Mapping[str, bool]] = {"exclude_from_csrf": True}
"""Forms by which anybody may act, in nobody's name: there is nothing to forge, and a page may stand open for days."""


SHOWS_SECRET_LINKS: Final[Mapping[str, bool]] = {REVEALS: True}
"""Routes that show a secret link to whom it belongs, or to an agent who hands it on; all others cover links."""


def private(page: Page) -> Page:
    """Keep the page out of caches and search engines, and its address out of the Referer."""
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    return page
