"""Mutate a message: its bytes, its JSON, or the values of its members."""

import json
import random
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

JUNK: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 0.5, 2**31, 2**63 - 1, 2**63, 2**64, -(2**63), 10**30, 10**400, 1e308,
    "", " ", "\x00", "\x1f", "\x7f", "a\x00b", "\ud800", "\udfff\ud800", "\u202e", "\U0001f4a9", "é" * 300,
    "x" * 70_000, "NaN", "null", "0", "-0", "1e400", "1.0", "95", "2A", "/intake", "/qualification/95", "event:x",
    "forms.request_filed.v1", "intake.message_posted.v1", "qualification.message_posted.v99", "../../etc/passwd",
    "'; DROP TABLE journal; --", "%s {0}", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00", "2026-02-30",
    "2026-11-02T09:00:00", "not-a-uuid",
    "00000000-0000-0000-0000-000000000000", [], {}, [[]], [None], {"": None}, {"a": {"b": [1, 2, 3]}}, ["x"] * 2_000,
)  # fmt: skip
NUMBER: Final = re.compile(rb"(?<=[:\[,])\s*-?\d+(?:\.\d+)?(?=[,}\]\s])")
TEXT: Final = re.compile(rb'"[^"\\]{2,}"')
ODD_NUMBERS: Final = (
    b"NaN", b"Infinity", b"-Infinity", b"-0", b"1e400", b"9" * 5_000, b"0x10", b"01", b"+1", b".5", b"1e-400",
    b"18446744073709551616",
)  # fmt: skip
ODD_TEXT: Final = (
    b"\\ud800", b"\\udc00\\ud800", b"\\u0000", b"\\u001f", b"\x00", b"\x1f", b"\xff", b"\xc0\x80", b"\xed\xa0\x80",
    b"\\x41", b"\n", "\u2028".encode(), "\ufeff".encode(), "é".encode("latin-1"),
)  # fmt: skip

Mutation = Callable[[random.Random, bytes, bytes], bytes]
"""Takes what chance decides by, a body, and another body to take parts of."""


def mutate(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """Do one to three wrong things to a body."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        body = chance.choice(MUTATIONS)(chance, body, other)
    return body


# ── in the bytes ────────────────────────────────────────────────────────────────────────────────────────────────────


def flip_bits(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Turn some bits over."""
    changed = bytearray(body or b"\x00")
    for _time in range(chance.choice((1, 1, 2, 8))):
        changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)


def truncate(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Cut it off, often near its end."""
    return body[: chance.choice((chance.randrange(len(body) + 1), max(0, len(body) - chance.randrange(1, 5))))]


def splice(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """Go on with another message in the middle."""
    return body[: chance.randrange(len(body) + 1)] + other[chance.randrange(len(other) + 1) :]


def repeat(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Say a part of it twice."""
    start = chance.randrange(len(body) + 1)
    end = min(len(body), start + chance.randrange(1, 200))
    return body[:end] + body[start:]


def insert(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Put some bytes in."""
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.randbytes(chance.randrange(1, 9)) + body[place:]


def encode(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Write it in another encoding."""
    return body.decode("utf-8", "replace").encode(
        chance.choice(("utf-16", "utf-32", "latin-1", "utf-8-sig")), "replace"
    )


def join(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """Send two for one, or a list of them."""
    return chance.choice(
        (body + other, b"[" + body + b"," + other + b"]", body + b"\n", b" \n" + body, other + b"\x00")
    )


# ── in the JSON ─────────────────────────────────────────────────────────────────────────────────────────────────────


def odd_number(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Write a number as no number is written, or larger than anything."""
    return _replace_one(chance, NUMBER, body, chance.choice(ODD_NUMBERS))


def odd_text(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Put control characters, halves of characters and broken escapes into a text, or into the name of a member."""
    return _replace_one(chance, TEXT, body, b'"a' + chance.choice(ODD_TEXT) + b'b"')


def nest(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Put something nested deeply where there was a number or a text."""
    depth = chance.choice((10, 120, 250, 1_000, 30_000))
    left, right = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    return _replace_one(chance, chance.choice((NUMBER, TEXT)), body, left * depth + b"1" + right * depth)


def say_twice(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Give a member twice, with another value."""
    name = chance.choice(("id", "source", "type", "subject", "sequence", "specversion", "data"))
    return body.replace(b"{", json.dumps({name: chance.choice(JUNK)})[:-1].encode() + b",", 1)


# ── in what it says ─────────────────────────────────────────────────────────────────────────────────────────────────


def change(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Let a member say something else, of any type."""
    return _edit(chance, body, lambda holder, place: holder.__setitem__(place, chance.choice(JUNK)))


def remove(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Leave a member out."""
    return _edit(chance, body, lambda holder, place: holder.__delitem__(place))


def exchange(chance: random.Random, body: bytes, other: bytes) -> bytes:
    """Let a member say what some member of another message says."""
    found = [holder[place] for holder, place in _places(_read(other))]
    return _edit(chance, body, lambda holder, place: holder.__setitem__(place, chance.choice(found or [None])))


def rename(chance: random.Random, body: bytes, _: bytes) -> bytes:
    """Call a member something else."""

    def act(holder: Any, place: Any) -> None:
        if isinstance(holder, dict):
            holder[chance.choice(("", "é", str(place).upper(), f"{place} ", "\x00", "__class__"))] = holder.pop(place)

    return _edit(chance, body, act)


MUTATIONS: Final[Sequence[Mutation]] = (
    flip_bits, truncate, splice, repeat, insert, encode, join, odd_number, odd_text, nest, say_twice,
    change, change, change, remove, exchange, exchange, rename,
)  # fmt: skip


def _replace_one(chance: random.Random, pattern: re.Pattern[bytes], body: bytes, by: bytes) -> bytes:
    found = list(pattern.finditer(body))
    if not found:
        return body + by
    one = chance.choice(found)
    return body[: one.start()] + by + body[one.end() :]


def _edit(chance: random.Random, body: bytes, act: Callable[[Any, Any], None]) -> bytes:
    """Read, change one place somewhere within, and write again; what cannot be read any more stays as it is."""
    read = _read(body)
    places = list(_places(read))
    if not places:
        return body
    act(*chance.choice(places))
    return json.dumps(read, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Walk through everything that can be changed, without recursion: it may be nested deeply."""
    left = [node]
    while left:
        holder = left.pop()
        inside = (
            list(holder.items())
            if isinstance(holder, dict)
            else list(enumerate(holder))
            if isinstance(holder, list)
            else []
        )
        for place, value in inside:
            yield holder, place
            left.append(value)
