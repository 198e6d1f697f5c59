"""A seeded bug: one protection of the product taken away, by patches of named functions and constants."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.faults.teeth.patch import Make, Patch

ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True, slots=True)
class Bug:
    """One protection taken away; `drill` names what should reveal it."""

    name: str
    says: str
    drill: str
    patches: Sequence[Patch]

    def check(self) -> None:
        """Raise `Misfit` when a patch does not fit the code any more."""
        for patch in self.patches:
            patch.check()

    def apply(self) -> None:
        """Patch this process."""
        for patch in self.patches:
            patch.apply()


def bug(name: str, says: str, drill: str, target: str, make: Make, *, within: str = "") -> Bug:
    """Make a bug of a single patch."""
    return Bug(name, says, drill, (Patch(target, make, within),))
