"""A patch replaces functions, methods and constants of every kind for those who already refer to them."""

import functools
import importlib
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from tests.faults.teeth import patched
from tests.faults.teeth.changes import around, ignoring, in_turn, instead, lacking, passing, returning, reworded
from tests.faults.teeth.patch import Make, Misfit, Patch


@pytest.fixture
def fresh() -> Iterator[ModuleType]:
    """Give the module anew, and leave it so."""
    yield importlib.reload(patched)
    importlib.reload(patched)


def patch(name: str, make: Make, within: str = "") -> None:
    Patch(f"{patched.__name__}:{name}", make, within and f"{patched.__name__}:{within}").apply()


NEGATED = around(lambda original, *args, **named: -original(*args, **named))


def test_an_alias_a_table_and_a_partial_call_the_replacement(fresh: Any) -> None:
    alias, in_table, bound = fresh.plain, fresh.TABLE["plain"], functools.partial(fresh.plain, 3)
    patch("plain", NEGATED)
    assert [alias(3), in_table(3, times=3), bound(times=4)] == [-6, -9, -12]


def test_defaults_and_the_signature_stay(fresh: Any) -> None:
    patch("plain", NEGATED)
    assert list(inspect.signature(fresh.plain).parameters) == ["number", "times"]
    assert fresh.plain(2) == -4


def test_two_patches_of_one_function_both_count(fresh: Any) -> None:
    patch("plain", NEGATED)
    patch("plain", around(lambda original, number, **named: original(number, **named) - 1))
    assert fresh.plain(2) == -5


async def test_a_coroutine_function_stays_one(fresh: Any) -> None:
    alias = fresh.coroutine

    async def negated(original: Any, number: int, times: int = 2) -> Any:
        return -await original(number, times)

    patch("coroutine", around(negated))
    assert inspect.iscoroutinefunction(alias)
    assert await alias(3, times=5) == -15


async def test_a_coroutine_function_may_do_nothing(fresh: Any) -> None:
    patch("coroutine", returning(7))
    assert await fresh.coroutine(3) == 7


async def test_generators_and_async_generators(fresh: Any) -> None:
    patch("generator", around(lambda original, number: original(number + 10)))
    patch("async_generator", around(lambda original, number: original(number + 10)))
    assert list(fresh.generator(1)) == [11, 12]
    assert [one async for one in fresh.async_generator(1)] == [11, 12]
    assert inspect.isgeneratorfunction(fresh.generator)
    assert inspect.isasyncgenfunction(fresh.async_generator)


async def test_context_managers_see_what_is_raised(fresh: Any) -> None:
    patch("context", around(lambda original, number: original(number + 10)))
    patch("async_context", around(lambda original, number: original(number + 10)))
    with fresh.context(1) as number:
        fresh.fail_with(ValueError, number)
    async with fresh.async_context(2) as number:
        fresh.fail_with(ValueError, number)
    assert fresh.SEEN == ["ValueError of 11", "ValueError of 12"]
    with pytest.raises(LookupError):
        async with fresh.async_context(1) as number:
            fresh.fail_with(LookupError, number)


def test_a_decorated_function_is_replaced_behind_its_decorator(fresh: Any) -> None:
    alias = fresh.TABLE["decorated"]
    patch("decorated", NEGATED)
    assert alias(3) == -6


def test_a_cache_forgets_what_the_original_returned(fresh: Any) -> None:
    assert fresh.cached(1) == 1
    patch("cached", NEGATED)
    assert fresh.cached(1) == -1


def test_the_function_of_a_partial(fresh: Any) -> None:
    patch("add_one", NEGATED)
    assert fresh.add_one(2) == -3


def test_a_closure_keeps_what_it_closes_over(fresh: Any) -> None:
    alias = fresh.closed
    patch("closed", NEGATED)
    assert alias(2) == -10


def test_a_method_that_calls_super(fresh: Any) -> None:
    bound = fresh.Derived().greets
    patch("Derived.greets", around(lambda original, self: original(self).upper()))
    assert bound() == "BASE DERIVED"


async def test_methods_of_a_frozen_dataclass_with_slots(fresh: Any) -> None:
    one = fresh.Sealed(4)
    bound = one.greets
    patch("Sealed.greets", around(lambda original, self: original(self).upper()))
    patch("Sealed.later", returning(9))
    patch("Sealed.doubled", NEGATED)
    patch("Sealed.made", around(lambda original, cls, number: original(cls, number + 1)))
    patch("Sealed.zero", instead(lambda: 1))
    patch("Sealed.LIMIT", instead(5))
    assert [bound(), await one.later(), one.doubled] == ["SEALED 4", 9, -8]
    assert [fresh.Sealed.made(1).number, one.zero(), one.LIMIT] == [2, 1, 5]


def test_a_constant_is_replaced_where_it_was_imported_too(fresh: Any) -> None:
    importer: Any = importlib.import_module(__name__)
    importer.MOST = fresh.MOST
    patch("MOST", instead(5))
    assert [fresh.MOST, importer.MOST] == [5, 5]


def test_words_of_a_text_and_of_a_function(fresh: Any) -> None:
    alias = fresh.statement
    patch("LOCKS", lacking("FOR UPDATE"))
    patch("statement", reworded("id = $1 FOR UPDATE", "id = $2"))
    patch("within", lacking("FOR UPDATE"))
    assert fresh.LOCKS == "SELECT id FROM one WHERE id = $1 "
    assert alias("a").split() == ["a", "what", "is", "read", "WHERE", "id", "=", "$2"]
    assert fresh.within() == "a "


def test_several_changes_of_one_function(fresh: Any) -> None:
    patch("statement", in_turn(lacking("FOR UPDATE"), reworded("$1", "$2")))
    assert fresh.statement("a").split() == ["a", "what", "is", "read", "WHERE", "id", "=", "$2"]


async def test_a_function_is_replaced_only_while_another_one_runs(fresh: Any) -> None:
    patch("plain", NEGATED, within="calls_plain")
    patch("coroutine", returning(7), within="calls_coroutine")
    assert [fresh.calls_plain(3), fresh.plain(3)] == [-6, 6]
    assert [await fresh.calls_coroutine(3), await fresh.coroutine(3)] == [7, 6]


async def test_arguments_are_replaced_however_they_are_given(fresh: Any) -> None:
    patch("coroutine", passing(times=lambda times: times + 1))
    assert [await fresh.coroutine(3), await fresh.coroutine(3, 3), await fresh.coroutine(3, times=4)] == [9, 12, 15]


async def test_an_error_is_ignored(fresh: Any) -> None:
    patch("refuses", ignoring("builtins:LookupError"))
    assert await fresh.refuses(1) is None
    with pytest.raises(ValueError, match="2"):
        await fresh.refuses(2)


@pytest.mark.parametrize(
    ("target", "make", "words"),
    [
        ("tests.nowhere:plain", NEGATED, "No module named"),
        (f"{patched.__name__}:missing", NEGATED, "there is no missing"),
        (f"{patched.__name__}:Missing.method", NEGATED, "has no class Missing"),
        (f"{patched.__name__}:plain", lambda original: original, "is the original"),
        (f"{patched.__name__}:plain", around(lambda original, number: original(number)), "another way"),
        (
            f"{patched.__name__}:coroutine",
            around(lambda original, number, times: original(number, times)),
            "another way",
        ),
        (f"{patched.__name__}:coroutine", around(lambda original, *given: original(*given)), "another way"),
        (f"{patched.__name__}:plain", passing(missing=instead(1)), "no parameter missing"),
        (f"{patched.__name__}:MOST", instead(300), "equals the original"),
        (f"{patched.__name__}:LOCKS", lacking("FOR SHARE"), "0 times"),
        (f"{patched.__name__}:statement", lacking("Explain a row"), "0 times"),
        (f"{patched.__name__}:statement", lacking("a"), "2 times"),
        (f"{patched.__name__}:Sealed", NEGATED, "hides no function"),
        (f"{__name__}:importlib", instead(None), "module hides no function"),
        (f"{patched.__name__}:contextmanager", NEGATED, "defined in contextlib"),
    ],
)
def test_what_does_not_fit_is_refused(target: str, make: Make, words: str) -> None:
    with pytest.raises(Misfit, match=words):
        Patch(target, make).check()


@pytest.mark.parametrize(
    ("name", "within", "words"),
    [
        ("plain", "missing", "there is no missing"),
        ("plain", "generator", "others run while a generator does"),
        ("MOST", "calls_plain", "replaced for everybody"),
        ("coroutine", "calls_plain", "calls_plain does not name it"),
    ],
)
def test_a_caller_that_does_not_fit_is_refused(name: str, within: str, words: str) -> None:
    with pytest.raises(Misfit, match=words):
        Patch(f"{patched.__name__}:{name}", NEGATED, f"{patched.__name__}:{within}").check()


def test_a_check_changes_nothing(fresh: Any) -> None:
    Patch(f"{patched.__name__}:plain", NEGATED).check()
    Patch(f"{patched.__name__}:MOST", instead(5)).check()
    assert [fresh.plain(2), fresh.MOST] == [4, 300]
