"""Search index of territories: without accents, hyphens or articles, by prefix or by code."""

import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from shared.contracts.vocabulary import ApplicantKind
from shared.territory.model import LEGAL_FORMS, Territory

LONGEST_QUERY: Final = 100
LAST: Final = "\U0010ffff"


_WRITTEN_OUT: Final = {"st": "saint", "ste": "sainte"}
_LINKS: Final = frozenset({"le", "la", "les", "l", "du", "de", "des", "d", "et"})
_FORMS: Final = frozenset({"cc", "ca", "cu"})


class _Plain(dict[int, str]):
    """What each character becomes: a letter without its accent, nothing, or a space where words part."""

    def __missing__(self, character: int) -> str:
        return " "


def _plain() -> _Plain:
    table = _Plain({ord("œ"): "oe", ord("æ"): "ae", **dict.fromkeys(range(0x300, 0x370), "")})
    for character in map(chr, range(0x250)):
        letter = unicodedata.normalize("NFD", character)[0]
        if letter.isascii() and letter.isalnum():
            table[ord(character)] = letter
    return table


_PLAIN: Final = _plain()


def fold(text: str) -> str:
    """Reduce a name to what counts when people compare names: "L’Haÿ-les-Roses" → "l hay les roses"."""
    words = text.lower().translate(_PLAIN).split()
    return " ".join([_WRITTEN_OUT.get(word, word) for word in words])


def core(folded: str) -> str:
    """Leave out the legal form and the articles at the head: "ca de cergy pontoise" → "cergy pontoise"."""
    form, _, rest = folded.partition(" ")
    return without_article(rest if rest and form in _FORMS else folded)


def without_article(folded: str) -> str:
    """Leave out the articles at the head: "le havre" → "havre"."""
    first, _, rest = folded.partition(" ")
    return without_article(rest) if rest and first in _LINKS else folded


class _Entry(NamedTuple):
    """What one territory is found by: full names and codes, shorter and former ones, and every word."""

    full: Sequence[str]
    short: Sequence[str]
    words: Sequence[str]
    line: str


def _entry(territory: Territory, former: Sequence[str]) -> _Entry:
    name = fold(territory.name)
    short = core(name)
    codes = [_lower(territory.code), *territory.postal_codes]
    full = [name, *codes]
    others = [] if short is name else [short]
    words = name.split()
    if territory.siren and territory.siren != territory.code:
        full.append(territory.siren)
    if territory.kind is ApplicantKind.REGION:  # its code is some département's too, which is what people mean
        full = [name]
        others += codes
    if former:
        folded = {fold(old) for old in former} - {name}
        others += {*folded, *map(core, folded)} - {name}
        words += " ".join(folded).split()
    if territory.category in LEGAL_FORMS:
        words += fold(LEGAL_FORMS[territory.category]).split()
    if territory.departement:
        words.append(_lower(territory.departement))
    return _Entry(full, others, words, f" {' '.join(words)} {' '.join(codes)}")


def _lower(code: str) -> str:
    return code if code.isdecimal() else code.lower()


class _Keys:
    """Sorted keys, each with the place of its entry: the same keys and the same beginnings are neighbours."""

    __slots__ = ("_keys", "_places")

    def __init__(self) -> None:
        self._keys: list[str] = []
        self._places = array("I")

    def add(self, keys: Sequence[str], place: int) -> None:
        """Add the keys of one entry; call `sort` after the last."""
        self._keys += keys
        self._places.extend([place] * len(keys))

    def sort(self) -> None:
        """Make ready to be asked."""
        order = sorted(range(len(self._keys)), key=self._keys.__getitem__)
        self._keys = [self._keys[number] for number in order]
        self._places = array("I", [self._places[number] for number in order])

    def equal(self, key: str) -> Sequence[int]:
        """Return the positions of this exact key."""
        return self._places[bisect_left(self._keys, key) : bisect_left(self._keys, key + "\0")]

    def starting(self, prefix: str) -> Sequence[int]:
        """Return the positions of all keys with this prefix."""
        return self._places[bisect_left(self._keys, prefix) : bisect_left(self._keys, prefix + LAST)]

    def frequency(self, prefix: str) -> int:
        """Count the keys that start so."""
        return bisect_left(self._keys, prefix + LAST) - bisect_left(self._keys, prefix)


class Index:
    """Answers searches among some territories, which are given best first."""

    def __init__(self, territories: Sequence[Territory], former: Mapping[str, Sequence[str]]) -> None:
        self._territories = territories
        self._lines: list[str] = []
        self._full, self._short, self._words, self._joined = _Keys(), _Keys(), _Keys(), _Keys()
        for place, territory in enumerate(territories):
            of_old = former.get(territory.code, ()) if territory.kind is ApplicantKind.COMMUNE else ()
            entry = _entry(territory, of_old)
            self._full.add(entry.full, place)
            self._short.add(entry.short, place)
            self._words.add(entry.words, place)
            if " " in entry.full[0]:
                self._joined.add([entry.full[0].replace(" ", "")], place)
            self._lines.append(entry.line)
        for keys in (self._full, self._short, self._words, self._joined):
            keys.sort()

    def search(self, query: str, limit: int, kind: ApplicantKind | None = None) -> tuple[Territory, ...]:
        """Return the best answers: the whole name or code, then names that start so, then words that start so."""
        asked = fold(query[:LONGEST_QUERY])
        joined = asked.replace(" ", "")
        if joined.isdecimal():
            asked = joined
        if not asked or limit < 1:
            return ()
        short = without_article(asked)
        steps: tuple[Callable[[], Iterable[int]], ...] = (
            lambda: sorted(self._full.equal(asked)),
            lambda: sorted([*self._full.equal(short), *self._short.equal(short)]),
            lambda: sorted(self._full.starting(asked)),
            lambda: sorted([*self._full.starting(short), *self._short.starting(short)]),
            lambda: self._name_with_code(asked),
            lambda: self._with_words(asked),
            lambda: sorted(self._joined.starting(joined)),
        )
        found: dict[int, Territory] = {}
        for step in steps:
            for place in step():
                territory = self._territories[place]
                if kind is None or territory.kind is kind:
                    found[place] = territory
                    if len(found) == limit:
                        return tuple(found.values())
        return tuple(found.values())

    def _name_with_code(self, asked: str) -> Iterator[int]:
        """Find what is written as lists show it: "Cergy (95)", "95000 Cergy", "Ajaccio 2A"."""
        codes = [f" {word}" for word in asked.split() if word[0].isdecimal()]
        name = " ".join(word for word in asked.split() if not word[0].isdecimal())
        if codes and name:
            short = without_article(name)
            places = {*self._full.equal(name), *self._full.equal(short), *self._short.equal(short)}
            yield from (place for place in sorted(places) if all(code in self._lines[place] for code in codes))

    def _with_words(self, asked: str) -> Iterator[int]:
        words = asked.split()
        starts = [word for word in words if word not in _LINKS] or words
        named = [start for start in starts if not start.isdecimal()]
        if not named:
            return
        rarest = min(named, key=self._words.frequency)
        others = [f" {start}" for start in starts if start is not rarest]
        for place in sorted(set(self._words.starting(rarest))):
            if all(other in self._lines[place] for other in others):
                yield place
