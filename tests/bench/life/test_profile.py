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
