"""A seeded bug: one protection of the product taken away, by patches of named functions and constants."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.kills.graft import changes, graft
from tests.faults.teeth.patch import Make, Misfit, Patch

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Edit:
    """What is replaced by what, in which file: the form of bugs that are not patches yet."""

    file: str
    before: str
    after: str

    def edited(self, text: str) -> str:
        """Return the text altered; raise `Misfit` when it does not fit any more."""
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
    patches: Sequence[Patch | Edit]

    def check(self) -> None:
        """Raise `Misfit` when a patch does not fit the code any more."""
        for patch in self.patches:
            if isinstance(patch, Patch):
                patch.check()
        for file, source in self._altered().items():
            if not changes(file, source):
                raise Misfit(f"{file}: no function does anything else than before")

    def apply(self) -> None:
        """Patch this process."""
        for file, source in self._altered().items():
            graft(file, source)
        for patch in self.patches:
            if isinstance(patch, Patch):
                patch.apply()

    def _altered(self) -> dict[str, str]:
        texts: dict[str, str] = {}
        for edit in self.patches:
            if isinstance(edit, Edit):
                texts[edit.file] = edit.edited(texts.get(edit.file) or (ROOT / edit.file).read_text())
        for file, text in texts.items():
            try:
                ast.parse(text)
            except SyntaxError as error:
                raise Misfit(f"{file}: line {error.lineno} is no Python once altered") from error
        return texts


def bug(name: str, says: str, drill: str, target: str, *how: Make | str, within: str = "") -> Bug:
    """Make a bug of a single patch."""
    if len(how) == 1 and callable(how[0]):
        return Bug(name, says, drill, (Patch(target, how[0], within),))
    before, after = map(str, how)
    return Bug(name, says, drill, (Edit(target, before, after),))
