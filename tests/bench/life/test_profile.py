"""Stacks are summed by the function that ran and by whose code it is."""

from tests.bench.life.profile import shares

STACKS = """\
MainThread;run (asyncio/runners.py:118);handle (litestar/app.py:10);load (services/intake/reads.py:5);fetch (asyncpg/pool.py:7) 3
MainThread;run (asyncio/runners.py:118);handle (litestar/app.py:10);dumps (json/encoder.py:9) 1
"""  # noqa: E501 - as py-spy writes them


def test_time_belongs_to_the_innermost_code_that_has_an_owner() -> None:
    told = shares(STACKS)
    assert told["samples"] == 4
    assert told["functions"] == {"fetch (asyncpg/pool.py)": 0.75, "dumps (json/encoder.py)": 0.25}
    assert told["groups"] == {"asyncpg": 0.75, "Litestar": 0.25}


def test_a_flame_is_as_wide_as_its_time_and_begins_at_the_event_loop() -> None:
    loop = "MainThread;main (services/intake/main.py:3);Runner.run (asyncio/runners.py:118)"
    asked = f"{loop};handle (litestar/app.py:10);load (services/intake/reads.py:5)"
    told = shares(f"{loop} 1\n{asked};fetch (asyncpg/pool.py:7) 2\n{asked} 1\n")
    fetch = ["fetch (asyncpg/pool.py)", "asyncpg", 0.5, []]
    load = ["load (intake/reads.py)", "ours", 0.75, [fetch]]
    handle = ["handle (litestar/app.py)", "Litestar", 0.75, [load]]
    assert told["flame"] == [["Runner.run (asyncio/runners.py)", "event loop, sockets", 1.0, [handle]]]
