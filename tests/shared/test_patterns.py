r"""Regular expressions take time in proportion to the text they read: none of ours repeats what repeats.

Nor is one begun again at every letter of what it repeats: `eyJ[A-Za-z]+\.` reads `eyJeyJeyJ…` to its end from each
`eyJ`. Not seen here: that, behind a group or an alternative, or from a second repetition on, and what patterns put
together at run time, an expression that is searched for again and again, and a function that is called for each find
cost. `test_masking.py` measures those that anybody reaches.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from re import _constants as op
from re import _parser
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("services", "shared", "deploy")
FUNCTIONS = {"compile", "match", "search", "fullmatch", "sub", "subn", "split", "findall", "finditer"}
REPEATS = {op.MAX_REPEAT, op.MIN_REPEAT, op.POSSESSIVE_REPEAT}
MANY = 100
"""A bound above which a repetition counts as unbounded."""
LETTERS = [chr(code) for code in range(256)] + list("\u2019\u202f\u2028é")

UNREADABLE = {
    "services/notifications/rendering/links.py": "our own mark, escaped",
    "services/notifications/domain/mail_text.py": "our own line, escaped: words and the blanks between them",
    "services/operations/domain/reasons.py": "a table of constants beside it",
}
"""Files with a pattern that is put together at run time, and of what."""

BEGUN_AGAIN = "begun again within what it repeats"
HARMLESS = {
    ("services/notifications/domain/mail_text.py", r"[ \t>]*[-_]{4,}"): "at the beginning of a line only",
    (
        "services/notifications/domain/mail_text.py",
        r"[ \t>*]*(?:De|From|Envoyé|Sent|Date|À|A|To|Cc|Objet|Subject)[ \t\u00a0*]*:",
    ): "at the beginning of a line only",
    ("services/notifications/domain/mail_text.py", r"[ \t>]*(?:Le|On)\b"): "at the beginning of a line only",
    ("services/notifications/domain/deliveries.py", r"[^\s<>@]+@[^\s<>@]+"): "in a text that was cut before",
    ("shared/messaging/connection.py", r"\s*,\s*(?=amqps?://)"): "in a setting of the operator",
}
"""Patterns that would be slow on some text where it is searched for at any place, and why it is not."""


def constant(node: ast.expr | None) -> str | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value.decode("latin-1") if isinstance(value, bytes) else value if isinstance(value, str) else None


def patterns(file: Path) -> Iterator[str | None]:
    """Give the patterns of a file; None for one that is no constant."""
    for node in ast.walk(ast.parse(file.read_text())):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "re":
            if function.attr in FUNCTIONS:
                yield constant(node.args[0])
        else:
            yield from (constant(keyword.value) for keyword in node.keywords if keyword.arg == "pattern")


def repeated(pattern: Any) -> Iterator[tuple[Any, bool]]:
    """Give what an expression repeats without bound, and whether that happens within another such repetition."""

    def walk(items: Any, *, within: bool) -> Iterator[tuple[Any, bool]]:
        for kind, value in items:
            if kind in REPEATS:
                _, most, inner = value
                unbounded = most is op.MAXREPEAT or most > MANY
                if unbounded:
                    yield inner, within
                yield from walk(inner, within=within or unbounded)
            for part in parts_of(kind, value):
                yield from walk(part, within=within)
            if kind in {op.ASSERT, op.ASSERT_NOT}:
                yield from walk(value[1], within=within)

    yield from walk(pattern, within=False)


def first_letters(items: Any) -> set[str]:
    """Give the letters with which what is repeated may be satisfied, one at a time; none where it is longer."""
    if len(items) != 1:
        return set()
    kind, value = items[0]
    compiled = re.compile(".", re.DOTALL) if kind is op.ANY else None
    if kind is op.IN:
        pattern = _parser.SubPattern(_parser.State(), [(kind, value)])
        compiled = re._compiler.compile(pattern)  # type: ignore[attr-defined] # same  # noqa: SLF001
    elif kind is op.LITERAL:
        return {chr(value)}
    return {letter for letter in LETTERS if compiled.fullmatch(letter)} if compiled else set()


def parts_of(kind: Any, value: Any) -> list[Any]:
    """Give the expressions within a group or an alternative."""
    if kind is op.SUBPATTERN:
        return [value[-1]]
    return list(value[1]) if kind is op.BRANCH else []


def ambiguous_neighbours(items: Any) -> bool:
    """Tell whether two unbounded repetitions of the same letters stand side by side, so that both may take a text."""
    before: set[str] = set()
    for kind, value in items:
        if kind in {op.MAX_REPEAT, op.MIN_REPEAT}:
            least, most, inner = value
            letters = first_letters(inner) if most is op.MAXREPEAT or most > MANY else set()
            if letters & before:
                return True
            before = letters | (before if least == 0 else set())
        elif any(ambiguous_neighbours(part) for part in parts_of(kind, value)):
            return True
        elif kind is not op.AT:
            before = set()
    return False


def begun_again(items: Any) -> bool:
    """Tell whether an expression may begin at many letters of its first unbounded repetition, and fail behind it."""
    before: list[set[str]] = []
    for at, (kind, value) in enumerate(items):
        if kind in REPEATS:
            least, most, inner = value
            letters = first_letters(inner)
            if most is op.MAXREPEAT or most > MANY:
                needed = any(later not in REPEATS or some[0] for later, some in list(items)[at + 1 :])
                return needed and bool(letters) and all(one & letters for one in before)
            if least:
                before.append(letters)
        elif kind in {op.LITERAL, op.IN, op.ANY}:
            before.append(first_letters([(kind, value)]))
        else:
            return False
    return False


def faults(pattern: str) -> list[str]:
    """Name what makes an expression slow on some text."""
    parsed = _parser.parse(pattern)
    found = ["a repetition within a repetition"] if any(within for _, within in repeated(parsed)) else []
    found += ["two repetitions of the same letters side by side"] if ambiguous_neighbours(parsed) else []
    return [*found, BEGUN_AGAIN] if begun_again(parsed) else found


@pytest.mark.parametrize(
    ("pattern", "fault"),
    [
        (r"(?:(?:De|From)[ \t]*:[^\n]*\n*){2,}", "a repetition within a repetition"),
        (r"(a+)+$", "a repetition within a repetition"),
        (r"wrote\s*:?[\s>]*\Z", "two repetitions of the same letters side by side"),
        (r"\s+\s*x", "two repetitions of the same letters side by side"),
        (r"eyJ[A-Za-z0-9_-]+\.\.", BEGUN_AGAIN),
        (r"[a-z]++x", BEGUN_AGAIN),
        (r"[^@\s]+@[^@\s]+", BEGUN_AGAIN),
        (r"\s*,\s*", BEGUN_AGAIN),
    ],
)
def test_slow_expressions_are_recognised(pattern: str, fault: str) -> None:
    assert fault in faults(pattern)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^[^@\s]+@[^@\s]+",
        r"\d{1,3}\.\d+",
        r"^[a-z]([a-z.-]*[a-z])?$",
        r",\s*",
        r"(?<![a-z])[a-z]+\.",
        r"whsec_[a-z_]+",
    ],
)
def test_plain_expressions_are_not(pattern: str) -> None:
    assert faults(pattern) == []


def test_no_expression_of_the_product_is_slow_on_any_text() -> None:
    files = [file for room in ROOMS for file in (ROOT / room).rglob("*.py")]
    found = {str(file.relative_to(ROOT)): [*patterns(file)] for file in files}
    assert sum(len(all_of_it) for all_of_it in found.values()) > 40
    assert {file for file, some in found.items() if None in some} == set(UNREADABLE)
    slow = {(file, one): why for file, some in found.items() for one in some if one and (why := faults(one))}
    assert slow == {known: [BEGUN_AGAIN] for known in HARMLESS}
