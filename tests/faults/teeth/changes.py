"""Changes that a patch makes to a function or constant; seeded bugs are declared with them."""

import dataclasses
import functools
import importlib
import inspect
import re
from collections.abc import Callable, Iterator
from types import CodeType, FunctionType
from typing import Any

from tests.faults.teeth.patch import Make, Misfit, copy_of


def around(function: Callable[..., Any]) -> Make:
    """Replace a function by this one, which gets the original as its first argument."""
    return lambda original: functools.partial(function, original)


def instead(replacement: Any) -> Make:
    """Replace a function or a constant by this one."""
    return lambda _: replacement


def returning(value: Any) -> Make:
    """Replace a function by one that does nothing and returns this value."""

    def make(original: FunctionType) -> Callable[..., Any]:
        def nothing(*_: Any, **__: Any) -> Any:
            return value

        async def nothing_later(*_: Any, **__: Any) -> Any:
            return value

        return nothing_later if inspect.iscoroutinefunction(original) else nothing

    return make


skipped = returning(None)
"""Replace a function by one that does nothing."""


def passing(**changes: Callable[[Any], Any]) -> Make:
    """Call the original with other arguments: each of these is made from the one that was given, or its default."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(original)
        if missing := changes.keys() - signature.parameters.keys():
            raise Misfit(f"there is no parameter {', '.join(missing)}")

        def pass_on(*given: Any, **named: Any) -> Any:
            call = signature.bind(*given, **named)
            call.apply_defaults()
            call.arguments.update({name: change(call.arguments[name]) for name, change in changes.items()})
            return original(*call.args, **call.kwargs)

        return pass_on

    return make


def ignoring(error: str) -> Make:
    """Replace a coroutine function by one that returns when this error, `package.module:Name`, is raised."""

    def make(original: Callable[..., Any]) -> Callable[..., Any]:
        module, _, name = error.partition(":")
        kind = getattr(importlib.import_module(module), name, None)
        if kind is None:
            raise Misfit(f"{module} has no {name}")

        async def ignores(*given: Any, **named: Any) -> Any:
            try:
                return await original(*given, **named)
            except kind:
                return None

        return ignores

    return make


outside_the_transaction = passing(
    tx=lambda tx: dataclasses.replace(tx, connection=tx.connection._holder._pool)  # noqa: SLF001 - asyncpg shows nobody the pool
)
"""Let a function that takes a transaction run its statements on another connection, where each commits at once."""


def reworded(before: str, after: str) -> Make:
    """Replace words in a text, or in a text that stands in a function; how they are spaced does not matter.

    They must stand exactly once, not counting the function's docstring.
    """
    words = re.compile(r"\s+".join(map(re.escape, before.split())))

    def make(original: Any) -> Any:
        texts = [original] if isinstance(original, str) else list(_texts(original.__code__, original.__doc__))
        found = sum(len(words.findall(text)) for text in texts)
        if found != 1:
            raise Misfit(f"{before!r} stands there {found} times")
        if isinstance(original, str):
            return words.sub(lambda _: after, original)
        return copy_of(original, _with_texts(original.__code__, lambda text: words.sub(lambda _: after, text)))

    return make


def lacking(words: str) -> Make:
    """Take words away from a text, or from a text that stands in a function."""
    return reworded(words, "")


def in_turn(*makes: Make) -> Make:
    """Do one after the other to the same function or constant."""
    return lambda original: functools.reduce(lambda changed, make: make(changed), makes, original)


def _texts(code: CodeType, docstring: str | None) -> Iterator[str]:
    """Yield the texts that stand in a function and in the functions within it, without its docstring."""
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _texts(value, None)
        elif isinstance(value, str) and value is not docstring:
            yield value


def _with_texts(code: CodeType, change: Callable[[str], str]) -> CodeType:
    """Return the code with its texts changed, also those of the functions within it."""

    def changed(value: Any) -> Any:
        if isinstance(value, CodeType):
            return _with_texts(value, change)
        return change(value) if isinstance(value, str) else value

    return code.replace(co_consts=tuple(changed(value) for value in code.co_consts))
