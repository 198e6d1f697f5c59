"""Patches: a named function, method or constant of the product is replaced, for everybody who already refers to it.

A function keeps its identity: its code becomes a trampoline that calls the replacement. So whoever imported it by name,
put it into a table, decorated it, closed over it or bound it as a method calls the replacement too. A constant is
replaced in its module (or class) and in every module that imported it by that name.
"""

import functools
import importlib
import inspect
import sys
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from types import CodeType, FunctionType, ModuleType
from typing import Any

OURS = ("services.", "shared.", "deploy.", "tests.")
"""Packages whose modules may have imported a constant."""

Make = Callable[[Any], Any]
"""Makes the replacement from the original; the original of a function can still be called."""


class Misfit(Exception):
    """The target does not exist, is ambiguous, or would not be changed: the code has moved on."""


@dataclass(frozen=True, slots=True)
class Patch:
    """One target, as `package.module:Qualified.name`, and what makes its replacement.

    With `within`, which names a function in the same way, a function is replaced only while that one runs.
    """

    target: str
    make: Make
    within: str = ""

    def check(self) -> None:
        """Raise `Misfit` unless the target exists, and the replacement differs from it and is called as it is.

        The function `within` which it is replaced must name it.
        """
        self._prepare()
        if self.within:
            _, owner, name = _locate(self.within)
            caller = _function_behind(inspect.getattr_static(owner, name))
            named = self.target.rpartition(":")[2].rpartition(".")[2]
            if caller is None or named not in _names(caller.__code__):
                raise Misfit(f"{self.target}: {self.within} does not name it")

    def apply(self) -> None:
        """Replace the target in this process; raise `Misfit` where it does not fit."""
        for put in self._prepare():
            put()

    def _prepare(self) -> list[Callable[[], None]]:
        """Return what puts the replacement in place."""
        module, owner, name = _locate(self.target)
        value = inspect.getattr_static(owner, name)
        function = _function_behind(value)
        if function is None:
            if callable(value) or isinstance(value, staticmethod | classmethod | property | ModuleType):
                raise Misfit(f"{self.target}: {type(value).__name__} hides no function of Python")
            if self.within:
                raise Misfit(f"{self.target}: a constant is replaced for everybody")
            constant = self._make(value)
            if constant == value and type(constant) is type(value):
                raise Misfit(f"{self.target}: the replacement equals the original")
            return [functools.partial(_put_constant, owner, name, value, constant)]
        if function.__module__ != module.__name__:
            raise Misfit(f"{self.target}: the function is defined in {function.__module__}")
        original = copy_of(function)
        replacement = self._make(original)
        if replacement is original:
            raise Misfit(f"{self.target}: the replacement is the original")
        self._compare_signatures(original, replacement)
        if not self.within:
            return [functools.partial(_put_function, function, value, replacement)]
        running: ContextVar[bool] = ContextVar("running", default=False)

        def replaced_within(*given: Any, **named: Any) -> Any:
            return (replacement if running.get() else original)(*given, **named)

        caller = Patch(self.within, _marking(running))
        return [functools.partial(_put_function, function, value, replaced_within), *caller._prepare()]

    def _make(self, original: Any) -> Any:
        try:
            return self.make(original)
        except Misfit as error:
            raise Misfit(f"{self.target}: {error}") from error

    def _compare_signatures(self, original: FunctionType, replacement: Callable[..., Any]) -> None:
        """Raise `Misfit` unless every call that suits the original suits the replacement."""
        parameters = [
            one
            for one in inspect.signature(original).parameters.values()
            if one.kind not in {one.VAR_POSITIONAL, one.VAR_KEYWORD}
        ]
        needed = [one for one in parameters if one.default is one.empty]
        options = [one.name for one in parameters if one.default is not one.empty and one.kind != one.POSITIONAL_ONLY]
        for ours, optional in ((parameters, []), (needed, []), (needed, options)):
            given = [one.name for one in ours if one.kind is not one.KEYWORD_ONLY]
            named = [one.name for one in ours if one.kind is one.KEYWORD_ONLY] + optional
            try:
                inspect.signature(replacement).bind(*given, **dict.fromkeys(named))
            except TypeError as error:
                raise Misfit(f"{self.target}: the replacement is called in another way: {error}") from error


def _locate(target: str) -> tuple[ModuleType, Any, str]:
    """Return the module, the module or class that has the target, and the target's name there."""
    where, _, path = target.partition(":")
    try:
        module = importlib.import_module(where)
    except ImportError as error:
        raise Misfit(f"{target}: {error}") from error
    owner: Any = module
    *classes, name = path.split(".")
    for one in classes:
        owner = vars(owner).get(one)
        if not isinstance(owner, type):
            raise Misfit(f"{target}: {where} has no class {one}")
    if name not in vars(owner):
        raise Misfit(f"{target}: there is no {name}")
    return module, owner, name


# ── functions ───────────────────────────────────────────────────────────────────────────────────────────────────


def _function_behind(value: Any) -> FunctionType | None:
    """Return the function behind a method, a property, a partial or a decorator; `None` when there is none."""
    while not isinstance(value, FunctionType) or hasattr(value, "__wrapped__"):
        if isinstance(value, property):
            value = value.fget
        elif isinstance(value, staticmethod | classmethod):
            value = value.__func__
        elif isinstance(value, functools.partial | functools.cached_property):
            value = value.func
        elif hasattr(value, "__wrapped__") and not isinstance(value, type):
            value = value.__wrapped__
        else:
            return None
    return value


def _names(code: CodeType) -> set[str]:
    """Return the names that a function uses, also in the functions within it."""
    within = [_names(value) for value in code.co_consts if isinstance(value, CodeType)]
    return {*code.co_names, *code.co_freevars}.union(*within)


def copy_of(function: FunctionType, code: CodeType | None = None) -> FunctionType:
    """Return a function that does the same and keeps doing it when the code of this one is replaced."""
    copy = FunctionType(
        code or function.__code__, function.__globals__, function.__name__, function.__defaults__, function.__closure__
    )
    functools.update_wrapper(copy, function)
    del copy.__wrapped__  # type: ignore[attr-defined] # it stands for the original, and hides nothing
    copy.__kwdefaults__ = function.__kwdefaults__ and dict(function.__kwdefaults__)
    return copy


def _put_function(function: FunctionType, value: Any, replacement: Callable[..., Any]) -> None:
    signature = inspect.signature(function)
    code = function.__code__
    function.__code__ = _trampoline(code).replace(
        co_filename=code.co_filename,
        co_firstlineno=code.co_firstlineno,
        co_name=code.co_name,
        co_qualname=code.co_qualname,
        co_freevars=code.co_freevars,
    )
    function.__kwdefaults__ = {"_replacement": replacement}
    function.__signature__ = signature  # type: ignore[attr-defined] # what frameworks read
    if hasattr(value, "cache_clear"):
        value.cache_clear()


def _trampoline(code: CodeType) -> CodeType:
    """Return the code that calls the replacement, of the same kind as this one."""
    for flag, trampoline in (
        (inspect.CO_COROUTINE, _coroutine),
        (inspect.CO_ASYNC_GENERATOR, _async_generator),
        (inspect.CO_GENERATOR, _generator),
    ):
        if code.co_flags & flag:
            return trampoline.__code__
    return _plain.__code__


def _plain(*given: Any, _replacement: Callable[..., Any], **named: Any) -> Any:
    return _replacement(*given, **named)


async def _coroutine(*given: Any, _replacement: Callable[..., Any], **named: Any) -> Any:
    return await _replacement(*given, **named)


def _generator(*given: Any, _replacement: Callable[..., Any], **named: Any) -> Any:
    return (yield from _replacement(*given, **named))


async def _async_generator(*given: Any, _replacement: Callable[..., Any], **named: Any) -> Any:
    """Pass on what is yielded, sent and raised: a decorated context manager raises into its generator."""
    generator = _replacement(*given, **named)
    try:
        value = await anext(generator)
        while True:
            try:
                sent = yield value
            except GeneratorExit:
                await generator.aclose()
                raise
            except BaseException as error:  # noqa: BLE001 - whatever it is, it belongs to the generator
                value = await generator.athrow(error)
            else:
                value = await generator.asend(sent)
    except StopAsyncIteration:
        return


def _marking(running: ContextVar[bool]) -> Make:
    """Mark for how long a function runs, in its own context."""

    def make(original: FunctionType) -> Callable[..., Any]:
        if original.__code__.co_flags & (inspect.CO_GENERATOR | inspect.CO_ASYNC_GENERATOR):
            raise Misfit("others run while a generator does")

        def run(*given: Any, **named: Any) -> Any:
            token = running.set(True)
            try:
                return original(*given, **named)
            finally:
                running.reset(token)

        async def run_later(*given: Any, **named: Any) -> Any:
            token = running.set(True)
            try:
                return await original(*given, **named)
            finally:
                running.reset(token)

        return run_later if inspect.iscoroutinefunction(original) else run

    return make


# ── constants ───────────────────────────────────────────────────────────────────────────────────────────────────


def _put_constant(owner: Any, name: str, value: Any, replacement: Any) -> None:
    importers = [module for key, module in tuple(sys.modules.items()) if key.startswith(OURS)]
    for one in [owner] if isinstance(owner, type) else {*importers, owner}:
        if vars(one).get(name) is value:
            setattr(one, name, replacement)
