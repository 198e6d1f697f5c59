"""What every move of every domain owes: it is listed, or refused by name without a trace; what it tells can be told."""

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from shared.contracts import BY_TYPE
from shared.contracts.fact import Fact
from shared.errors import IllegalMove, Refusal

Act = Callable[..., Any]
"""A move with arguments that fit: it takes the thing that moves and who moves it."""


def take(thing: Any, act: Act, who: Any, *, state: str | None = None, allowed: Sequence[str] = ()) -> list[Fact] | None:
    """Make a move, and give what it told; None when it was refused, by name, and left no trace.

    An illegal move must tell the `state`, where there is but one, and what is `allowed` there.
    """
    before = copy.deepcopy(thing)
    refusal: Refusal | None = None
    facts: list[Fact] = []
    try:
        facts.extend(_facts(act(thing, who)))
    except Refusal as refused:
        refusal = refused
    for fact in facts:
        assert BY_TYPE[fact.wire_type] is type(fact)
        assert type(fact).model_validate_json(fact.model_dump_json()) == fact
    if refusal is None:
        return facts
    assert thing == before, "a refused move left a trace"
    assert refusal.code != Refusal.code
    assert refusal.detail.strip()
    if isinstance(refusal, IllegalMove) and state is not None:
        assert (refusal.state, refusal.allowed_actions) == (state, list(allowed))
    return None


def open_to(thing: Any, acts: Mapping[str, Sequence[Act]], who: Any) -> set[str]:
    """Try every move on a copy; name those that are not refused with any of their arguments."""
    return {name for name, ways in acts.items() if any(_accepts(copy.deepcopy(thing), act, who) for act in ways)}


def _accepts(thing: Any, act: Act, who: Any) -> bool:
    try:
        act(thing, who)
    except Refusal:
        return False
    return True


def _facts(told: Any) -> Iterator[Fact]:
    if isinstance(told, Fact):
        yield told
    elif isinstance(told, tuple):
        for one in told:
            yield from _facts(one)
