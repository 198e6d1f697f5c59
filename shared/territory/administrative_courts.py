"""Administrative courts: which one hears appeals against a decision of a département, and how both are named.

The table is the code de justice administrative's (art. R. 221-1 and R. 221-3), in `administrative_courts.toml`.
"""

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

TABLE: Final = Path(__file__).with_name("administrative_courts.toml")


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """A département and its court, in words.

    `departement` is its name; `of_departement` the name after "le département" or "le préfet": "du Val-d’Oise".
    `court` begins with a small letter: "tribunal administratif de Cergy-Pontoise"; `seat` is the town.
    """

    code: str
    departement: str
    of_departement: str
    court: str
    seat: str


@cache
def jurisdictions() -> dict[str, Jurisdiction]:
    """Return every département with its court, by code."""
    with TABLE.open("rb") as file:
        courts = tomllib.load(file)["court"]
    return {
        code: Jurisdiction(code, name, _after(of, name), f"tribunal administratif {court['of']}", court["seat"])
        for court in courts
        for code, (of, name) in court["departements"].items()
    }


def of_departement(code: str) -> str:
    """Return the name of a département after its noun: "du Val-d’Oise"; "95" stands for itself where it is no code."""
    known = jurisdictions().get(code)
    return known.of_departement if known else code


def _after(of: str, name: str) -> str:
    return f"{of}{name}" if of.endswith("’") else f"{of} {name}"
