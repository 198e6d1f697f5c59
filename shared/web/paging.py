"""Pagination of lists: the parameters `page` and `per_page`, and the response."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Final, Generic, TypeVar

from litestar.params import QueryParameter
from pydantic import BaseModel

Item = TypeVar("Item")
Row = TypeVar("Row")

LARGEST = 200
DEFAULT = 50
LAST = 1_000_000


@dataclass(frozen=True, slots=True)
class Page:
    """Which part of a list to show. In SQL: `LIMIT $1 OFFSET $2` with `limit` and `offset`."""

    number: int = 1
    per_page: int = DEFAULT

    @property
    def limit(self) -> int:
        """How many items to give."""
        return self.per_page

    @property
    def offset(self) -> int:
        """How many items come before this page."""
        return (self.number - 1) * self.per_page

    @property
    def end(self) -> int:
        """How many items there are up to the end of this page."""
        return self.number * self.per_page

    def pages(self, total: int) -> int:
        """How many pages `total` items make; an empty list is one page."""
        return max(1, -(-total // self.per_page))


FIRST_PAGE: Final = Page()


class Paged(BaseModel, Generic[Item]):
    """One page of a list: `{"items": […], "total": 123, "page": 1}`."""

    items: list[Item]
    total: int
    page: int


def paged(rows: Sequence[Row], total: int, page: Page, form: Callable[[Row], Item]) -> Paged[Item]:
    """Make a page of API objects out of rows."""
    return Paged[Item](items=[form(row) for row in rows], total=total, page=page.number)


async def provide_page(
    page: Annotated[int, QueryParameter(ge=1, le=LAST, description="Which page, from 1")] = 1,
    per_page: Annotated[int, QueryParameter(ge=1, le=LARGEST, description="How many items a page")] = DEFAULT,
) -> Page:
    """Read `?page=&per_page=`; anything else than allowed numbers is refused (400)."""
    return Page(page, per_page)
