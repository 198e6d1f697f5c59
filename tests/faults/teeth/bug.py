"""A seeded bug: one protection of the product taken away, by replacing a text that stands there exactly once."""

import ast
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]


class Misfit(Exception):  # noqa: N818 - it names a state of the table
    """The text to replace does not stand exactly once where the table says: the code has moved on, or is ambiguous."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What is replaced by what, in which file."""

    file: str
    before: str
    after: str

    def apply(self, text: str) -> str:
        """Give the text of the file altered; refuse with `Misfit` what does not fit any more."""
        found = text.count(self.before)
        if found != 1:
            raise Misfit(f"{self.file}: {self.before.strip().splitlines()[0]!r} stands there {found} times")
        return text.replace(self.before, self.after)


@dataclass(frozen=True, slots=True)
class Bug:
    """One protection taken away; `drill` names what should reveal it."""

    name: str
    says: str
    drill: str
    edits: tuple[Edit, ...]

    def altered(self) -> dict[str, str]:
        """Give the altered text of each file that it alters; refuse with `Misfit` when the code has moved on."""
        texts: dict[str, str] = {}
        for edit in self.edits:
            texts[edit.file] = edit.apply(texts.get(edit.file) or (ROOT / edit.file).read_text())
        for file, text in texts.items():
            try:
                ast.parse(text)
            except SyntaxError as error:
                raise Misfit(f"{file}: line {error.lineno} is no Python once altered") from error
        return texts


def bug(name: str, says: str, drill: str, file: str, before: str, after: str) -> Bug:
    """Make a bug of a single edit."""
    return Bug(name, says, drill, (Edit(file, before, after),))
