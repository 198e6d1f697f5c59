"""What `test_patch` replaces: a function, method or constant of each kind."""

import functools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Self

LOCKS = "SELECT id FROM one WHERE id = $1 FOR UPDATE"
MOST = 300


def plain(number: int, *, times: int = 2) -> int:
    """Return a product."""
    return number * times


async def coroutine(number: int, times: int = 2) -> int:
    return number * times


def calls_plain(number: int) -> int:
    return plain(number)


async def calls_coroutine(number: int) -> int:
    return await coroutine(number)


async def refuses(number: int) -> None:
    raise LookupError if number == 1 else ValueError(number)


def generator(number: int) -> Iterator[int]:
    yield number
    yield number + 1


async def async_generator(number: int) -> AsyncIterator[int]:
    yield number
    yield number + 1


@contextmanager
def context(number: int) -> Iterator[int]:
    try:
        yield number
    except ValueError:
        SEEN.append(f"ValueError of {number}")


@asynccontextmanager
async def async_context(number: int) -> AsyncIterator[int]:
    try:
        yield number
    except ValueError:
        SEEN.append(f"ValueError of {number}")


SEEN: list[str] = []


def fail_with(kind: type[Exception], number: int) -> None:
    raise kind(number)


def _twice(function: Callable[[int], int]) -> Callable[[int], int]:
    @functools.wraps(function)
    def twice(number: int) -> int:
        return 2 * function(number)

    return twice


@_twice
def decorated(number: int) -> int:
    return number


@functools.cache
def cached(number: int) -> int:
    return number


def _add(one: int, other: int) -> int:
    return one + other


add_one = functools.partial(_add, 1)


def statement(word: str) -> str:
    """Explain a row FOR UPDATE."""
    return f"""
        {word} what is read
        WHERE id = $1
        FOR   UPDATE
    """


def within() -> str:
    return "".join(f"{one} FOR UPDATE" for one in ("a",))


class Base:
    """A class that another one calls."""

    def greets(self) -> str:
        return "base"


class Derived(Base):
    """A class that calls another one."""

    def greets(self) -> str:
        return f"{super().greets()} derived"


@dataclass(frozen=True, slots=True)
class Sealed:
    """A class with a method of each kind."""

    number: int

    LIMIT = 3

    def greets(self) -> str:
        return f"sealed {self.number}"

    async def later(self) -> int:
        return self.number

    @property
    def doubled(self) -> int:
        return self.number * 2

    @classmethod
    def made(cls, number: int) -> Self:
        return cls(number)

    @staticmethod
    def zero() -> int:
        return 0


def _closure(times: int) -> Callable[[int], int]:
    def closed(number: int) -> int:
        return number * times

    return closed


closed = _closure(5)

TABLE: dict[str, Callable[..., int]] = {"plain": plain, "decorated": decorated}
