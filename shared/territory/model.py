"""Model of one territory as the official lists describe it."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from shared.contracts.vocabulary import ApplicantKind

LEGAL_FORMS = {
    "CC": "Communauté de communes",
    "CA": "Communauté d’agglomération",
    "CU": "Communauté urbaine",
    "METRO": "Métropole",
    "MET69": "Métropole",
    "EPT": "Établissement public territorial",
}


@dataclass(frozen=True, slots=True)
class Territory:
    """A commune, EPCI, département or région; or, as `identify` builds it, a priority territory.

    `code` is the INSEE code, an EPCI's SIREN, or empty for a priority territory. `departement` is the one in charge:
    for an EPCI across several, the one where most of its inhabitants live; None for a région that has several and
    must choose. `departements` are all of them, the one in charge first, else by code. `epci` is a commune's
    (levying its own taxes), `siren` is known for communes and EPCI, `population` is the municipal one (for a
    département or région the sum of its communes') or None, `postal_codes` are a commune's, `communes` the INSEE
    codes of an EPCI's or priority territory's, `category` an EPCI's legal form (a key of `LEGAL_FORMS`).
    """

    kind: ApplicantKind
    code: str
    name: str
    departement: str | None
    departements: tuple[str, ...]
    region: str | None = None
    epci: str | None = None
    siren: str | None = None
    population: int | None = None
    postal_codes: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    category: str | None = None

    @property
    def full_name(self) -> str:
        """The name without abbreviation: "Communauté d’agglomération de Cergy-Pontoise"."""
        form, _, rest = self.name.partition(" ")
        if self.category in LEGAL_FORMS and form == self.category:
            return f"{LEGAL_FORMS[form]} {rest}"
        return self.name


@dataclass(frozen=True, slots=True)
class Departement:
    """A département, or an overseas collectivité that the lists treat as one; `region` is None for the latter."""

    code: str
    name: str
    region: str | None
    time_zone: ZoneInfo


def by_population(communes: Iterable[Territory]) -> tuple[str, ...]:
    """Return the départements of these communes: the one with most of their inhabitants first, the others by code."""
    weight: dict[str, int] = defaultdict(int)
    for commune in communes:
        for departement in commune.departements:
            weight[departement] += commune.population or 0
    lead = min(weight, key=lambda code: (-weight[code], code))
    return (lead, *sorted(code for code in weight if code != lead))
