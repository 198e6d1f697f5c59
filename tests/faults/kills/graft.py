"""Altered code for a process that runs already: its functions take the code of their namesakes in altered source.

A service is forked from a parent that has imported it long before. To fork one with another source, the child changes
its functions in place: objects that exist already, and everybody who holds a reference, then do what is altered.
"""

import functools
import importlib
import inspect
from collections.abc import Callable, Iterator, Mapping
from types import CodeType, FunctionType
from typing import Any


def graft(file: str, source: str) -> None:
    """Give the functions of a module the code, and its texts the words, that they have in this source.

    What is new there is added. Other values stay, and so do functions that somebody replaced from outside.
    """
    for _, put in _changes(file, source):
        put()


def changes(file: str, source: str) -> list[str]:
    """Tell the names of the functions and texts that would be others."""
    return [name for name, _ in _changes(file, source)]


def _changes(file: str, source: str) -> list[tuple[str, Callable[[], None]]]:
    module = importlib.import_module(file.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
    altered = dict(vars(module))
    exec(compile(source, str(module.__file__), "exec"), altered)  # noqa: S102 - our own source, altered by our own table
    return list(_compare(module, module.__name__, altered))


def _compare(ours: Any, module: str, theirs: Mapping[str, Any]) -> Iterator[tuple[str, Callable[[], None]]]:
    """Compare a module or a class with what its altered source makes."""
    for name, other in tuple(theirs.items()):
        own = vars(ours).get(name)
        if isinstance(own, type) and isinstance(other, type) and own.__module__ == other.__module__ == module:
            for member, put in _compare(own, module, vars(other)):
                yield f"{name}.{member}", put
        elif name not in vars(ours) or (isinstance(own, str) and isinstance(other, str) and own != other):
            yield name, functools.partial(setattr, ours, name, other)
        elif (
            (mine := _bare(own))
            and (altered := _bare(other))
            and mine.__module__ == module
            and _essence(mine.__code__) != _essence(altered.__code__)
        ):
            yield name, functools.partial(setattr, mine, "__code__", altered.__code__)


def _bare(value: Any) -> FunctionType | None:
    """Find the function behind a method, a property or a decorator."""
    if isinstance(value, staticmethod | classmethod):
        value = value.__func__
    elif isinstance(value, property):
        value = value.fget
    value = inspect.unwrap(value) if callable(value) and not isinstance(value, type) else value
    return value if isinstance(value, FunctionType) else None


def _essence(code: CodeType) -> tuple[object, ...]:
    """Give what a function does, wherever it stands."""
    constants = (_essence(value) if isinstance(value, CodeType) else value for value in code.co_consts)
    return code.co_code, code.co_names, *constants
