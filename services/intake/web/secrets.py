"""Pages behind a secret link: their address goes nowhere else."""

from typing import TypeVar

from litestar import Response

Page = TypeVar("Page", bound=Response)  # type: ignore[type-arg] # any content


def private(page: Page) -> Page:
    """Keep the page out of caches and search engines, and its address out of the Referer."""
    page.headers["Referrer-Policy"] = "no-referrer"
    page.headers["Cache-Control"] = "no-store"
    page.headers["X-Robots-Tag"] = "noindex, nofollow"
    return page
