"""Identification of an applicant's official territory, and of the département that takes the request in charge."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, Protocol

from shared.contracts.vocabulary import ApplicantKind
from shared.errors import FieldError, Invalid
from shared.french.lists import either
from shared.territory.model import Territory, by_population

KIND: Final = "applicant.kind"
CODE: Final = "applicant.code"
NAME: Final = "applicant.name"
COMMUNES: Final = "applicant.communes"
LEAD: Final = "lead_departement"


class Identified(NamedTuple):
    """The territory that asks, and the code of the département in charge."""

    territory: Territory
    departement: str


class Lists(Protocol):
    """What must be known of the official lists to identify an applicant."""

    def find(self, kind: ApplicantKind | str, code: str) -> Territory | None:
        """Return the territory of this kind with this code."""

    def bearing(self, code: str) -> tuple[Territory, ...]:
        """Return every territory that has this code or SIREN."""

    def successor(self, code: str) -> Territory | None:
        """Return the commune of today for the code of a merged one."""

    def with_postal_code(self, postal_code: str) -> tuple[Territory, ...]:
        """Return the communes that have this postal code."""


class _Words(NamedTuple):
    the: str
    a: str
    none: str
    its_code: str


_WORDS: Final[Mapping[ApplicantKind, _Words]] = {
    ApplicantKind.COMMUNE: _Words("la commune", "une commune", "Aucune commune", "le code Insee de la commune"),
    ApplicantKind.EPCI: _Words("l’EPCI", "un EPCI", "Aucun EPCI", "le numéro SIREN de l’EPCI"),
    ApplicantKind.DEPARTEMENT: _Words(
        "le département", "un département", "Aucun département", "le code du département"
    ),
    ApplicantKind.REGION: _Words("la région", "une région", "Aucune région", "le code de la région"),
}


def identify(
    lists: Lists,
    kind: ApplicantKind | str,
    code: str | None,
    *,
    communes: Iterable[str] = (),
    lead_departement: str | None = None,
    name: str | None = None,
) -> Identified:
    """Find the territory and the département in charge; refuses with `Invalid`, field by field."""
    try:
        kind = ApplicantKind(kind)
    except ValueError as unknown:
        raise Invalid.field(
            KIND,
            "Choisissez un type de territoire\u00a0: commune, EPCI, département, région ou territoire prioritaire.",
        ) from unknown
    if kind is ApplicantKind.PRIORITY:
        territory = _priority(lists, code, name=name, communes=communes)
    else:
        territory = official(lists, kind, code)
    return Identified(territory, _in_charge(lists, territory, lead_departement))


def official(lists: Lists, kind: ApplicantKind, code: str | None) -> Territory:
    """Find an official territory by its code; refuses (`Invalid`) with what the code is instead."""
    if not code or not code.strip():
        raise Invalid.field(CODE, f"Choisissez votre territoire par son nom, ou indiquez {_WORDS[kind].its_code}.")
    found = lists.find(kind, code)
    if found is None:
        raise Invalid.field(CODE, _why_not(lists, kind, code))
    return found


def _priority(lists: Lists, code: str | None, *, name: str | None, communes: Iterable[str]) -> Territory:
    errors: list[FieldError] = []
    known: dict[str, Territory] = {}
    for asked in communes:
        commune = lists.find(ApplicantKind.COMMUNE, asked)
        if commune:
            known[commune.code] = commune
        else:
            errors.append(FieldError(COMMUNES, _why_not(lists, ApplicantKind.COMMUNE, asked)))
    named = " ".join((name or "").split())
    if not named:
        errors.insert(0, FieldError(NAME, "Indiquez le nom du territoire prioritaire."))
    if not known and not any(error.field == COMMUNES for error in errors):
        errors.append(FieldError(COMMUNES, "Indiquez au moins une commune que ce territoire recouvre."))
    if errors:
        raise Invalid(errors)
    departements = by_population(known.values())
    lead = next(commune for commune in known.values() if commune.departement == departements[0])
    return Territory(
        kind=ApplicantKind.PRIORITY,
        code=(code or "").strip(),
        name=named,
        departement=departements[0],
        departements=departements,
        region=lead.region,
        communes=tuple(known),
    )


def _in_charge(lists: Lists, territory: Territory, lead: str | None) -> str:
    if lead and lead.strip():
        chosen = lists.find(ApplicantKind.DEPARTEMENT, lead)
        if chosen and chosen.code in territory.departements:
            return chosen.code
        raise Invalid.field(
            LEAD,
            f"Le département {_quoted(lead)} n’est pas l’un de ceux du territoire {_spoken(territory.full_name)}. "
            f"Choisissez parmi\u00a0: {_choices(lists, territory)}.",
        )
    if territory.departement:
        return territory.departement
    raise Invalid.field(
        LEAD,
        f"Ce territoire s’étend sur plusieurs départements. "
        f"Choisissez celui qui suivra votre demande\u00a0: {_choices(lists, territory)}.",
    )


def _why_not(lists: Lists, kind: ApplicantKind, code: str) -> str:
    words = _WORDS[kind]
    bearers = lists.bearing(code)
    same_kind = [bearer for bearer in bearers if bearer.kind is kind]
    if same_kind:  # the SIREN of a commune
        return (
            f"{_quoted(code)} est le numéro SIREN de la commune {_spoken(same_kind[0].name)}. "
            f"Indiquez son code Insee\u00a0: {same_kind[0].code}."
        )
    if bearers:
        those = either([f"{_WORDS[bearer.kind].the} {_spoken(bearer.full_name)}" for bearer in bearers])
        return (
            f"{_quoted(code)} désigne {those}, et non {words.a}. "
            f"Indiquez {words.its_code}, ou changez le type de territoire."
        )
    today = lists.successor(code)
    if today:
        return (
            f"{_quoted(code)} est un ancien code, ou celui d’une partie de commune\u00a0: "
            f"la commune est aujourd’hui {_spoken(today.name)}, code {today.code}."
        )
    posted = lists.with_postal_code(code) if kind is ApplicantKind.COMMUNE else ()
    if posted:
        names = ", ".join(f"{_spoken(commune.name)} ({commune.code})" for commune in posted)
        return f"{_quoted(code)} est un code postal, et non un code Insee. Communes possibles\u00a0: {names}."
    if kind is ApplicantKind.COMMUNE and _is_of_a_foreign_country(code):
        return (
            f"{_quoted(code)} désigne un pays étranger. Seuls les territoires français peuvent déposer une demande ici."
        )
    return f"{words.none} n’a le code {_quoted(code)} dans la liste officielle. Cherchez plutôt par le nom."


def _is_of_a_foreign_country(code: str) -> bool:
    tidy = code.strip()
    return len(tidy) == len("99109") and tidy.isdecimal() and tidy.startswith("99")


def _choices(lists: Lists, territory: Territory) -> str:
    return ", ".join(_named(lists, sorted(territory.departements)))


def _named(lists: Lists, departements: Sequence[str]) -> Iterator[str]:
    for code in departements:
        departement = lists.find(ApplicantKind.DEPARTEMENT, code)
        yield f"{_spoken(departement.name)} ({code})" if departement else code


def _quoted(code: str) -> str:
    return f"«\u00a0{code.strip()[:20]}\u00a0»"


def _spoken(name: str) -> str:
    return name.replace("'", "’")
