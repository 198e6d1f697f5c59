"""Search official territories by name or code, for the form with or without JavaScript."""

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from shared.contracts.vocabulary import ApplicantKind
from shared.territory.model import Territory
from shared.territory.territories import Territories

SHOWN: Final = 15
HINTS: Final = 6


@dataclass(frozen=True, slots=True)
class Picked:
    """What was found: a code, or the choices to show, or the sentence that says why there is none."""

    code: str = ""
    name: str = ""
    choices: list[tuple[str, str]] = field(default_factory=list)
    error: str = ""


def pick(territories: Territories, kind: ApplicantKind, *, typed: str, code: str, choice: str, searched: str) -> Picked:
    """Read the territory's page: the choice in the list, the combobox's code, or the name alone."""
    if not typed:
        return Picked(error="Écrivez le nom de votre territoire.")
    for given in (choice if same(searched, typed) else "", code):
        territory = territories.find(kind, given) if given else None
        if territory and (given == choice or same(territory.full_name, typed)):
            return Picked(territory.code, territory.full_name)
    found = territories.search(typed, kind, limit=SHOWN)
    exact = [one for one in found if typed.strip() == one.code or same(one.name, typed) or same(one.full_name, typed)]
    if len(exact) == 1:
        return Picked(exact[0].code, exact[0].full_name)
    if found:
        return Picked(
            choices=[(one.code, label(territories, one)) for one in found],
            error="Choisissez votre territoire dans la liste.",
        )
    return Picked(
        error="Aucun territoire de ce nom dans la liste officielle. Vérifiez l’orthographe, ou essayez le code."
    )


def communes_of(territories: Territories, typed: str) -> tuple[list[str], str]:
    """Read communes written one a line, by name or code: their codes, or the sentences that say what is unclear."""
    codes: list[str] = []
    unclear: list[str] = []
    for line in dict.fromkeys(line.strip(" ,;") for line in typed.replace(";", "\n").splitlines()):
        if not line:
            continue
        by_code = territories.find(ApplicantKind.COMMUNE, line.rpartition("(")[2].rstrip(")"))
        found = [by_code] if by_code else list(territories.search(line, ApplicantKind.COMMUNE, limit=SHOWN))
        exact = found if by_code else [one for one in found if same(one.name, line)]
        if len(exact) == 1:
            codes.append(exact[0].code)
        else:
            unclear.append(line)
    if unclear:
        near = dict.fromkeys(
            departement
            for code in codes
            if (one := territories.find(ApplicantKind.COMMUNE, code))
            for departement in one.departements
        )
        return [], "\n".join(_unclear(territories, line, near) for line in unclear)
    return codes, "" if codes else "Écrivez au moins une commune, une par ligne."


def _unclear(territories: Territories, line: str, near: Iterable[str]) -> str:
    """Return the sentence of what a name may mean, first in the départements of the other communes."""
    anywhere = territories.search(line, ApplicantKind.COMMUNE, limit=SHOWN)
    exact = [one for one in anywhere if same(one.name, line)]
    neighbours = [one for code in near for one in territories.search(line, ApplicantKind.COMMUNE, code, limit=SHOWN)]
    found = list(dict.fromkeys([*neighbours, *(exact or anywhere)]))[:HINTS]
    if not found:
        return f"«\u00a0{line}\u00a0» n’est pas une commune de la liste officielle. Vérifiez l’orthographe."
    if len(found) == 1:
        guess = f"{_placed(territories, found[0])} ({found[0].code})"
        return f"«\u00a0{line}\u00a0» n’est pas un nom complet\u00a0: est-ce {guess}\u00a0? Écrivez le code."
    named = "\u00a0; ".join(f"{_placed(territories, one)} ({one.code})" for one in found)
    return f"«\u00a0{line}\u00a0» peut désigner plusieurs communes\u00a0: {named}. Écrivez le code."


def _placed(territories: Territories, commune: Territory) -> str:
    departement = territories.find(ApplicantKind.DEPARTEMENT, commune.departements[0])
    return f"{spoken(commune.name)}, {spoken(departement.name)}" if departement else spoken(commune.name)


def written(territories: Territories, codes: list[str]) -> str:
    """Write communes as they can be read again: name and code, one a line."""
    found = (territories.find(ApplicantKind.COMMUNE, code) for code in codes)
    return "\n".join(f"{spoken(one.name)} ({one.code})" for one in found if one)


def label(territories: Territories, territory: Territory) -> str:
    """Return the name of a territory with its départements, so that two of one name can be distinguished."""
    names = []
    for code in territory.departements[:3]:
        departement = territories.find(ApplicantKind.DEPARTEMENT, code)
        names.append(f"{spoken(departement.name)}, {code}" if departement else code)
    more = "…" if len(territory.departements) > len(names) else ""
    return f"{spoken(territory.full_name)} ({' ; '.join(names)}{more})"


def same(one: str, other: str) -> bool:
    """Return whether two names are one, whatever accents, capitals, hyphens and apostrophes."""
    return _bare(one) == _bare(other)


def _bare(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold().replace("œ", "oe"))
    return "".join(letter for letter in plain if letter.isalnum())


def spoken(name: str) -> str:
    """Write an official name with the apostrophes of our pages."""
    return name.replace("'", "’")
