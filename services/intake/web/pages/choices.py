"""Options of each question of the form, and the summary of the answers in words."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from markupsafe import Markup
from pydantic_core import PydanticCustomError

from services.intake.usecases import territory_search
from services.intake.web.pages.answers import BY_NAME, STEPS, Reading, as_list
from shared.commands import cents_of
from shared.contracts.intake import Document
from shared.contracts.vocabulary import (
    FIELDS_OF,
    SUPPORT_TYPES_OF,
    ApplicantKind,
    Field,
    Programme,
    RequestKind,
    SupportType,
)
from shared.french.dates import date_fr
from shared.french.numbers import euros
from shared.french.words import word
from shared.territory.model import Departement, Territory
from shared.territory.territories import Territories

LISTED: Final = frozenset({ApplicantKind.DEPARTEMENT, ApplicantKind.REGION})
"""Kinds of territory that are few enough to choose from a list."""

LABELS: Final[Mapping[str, str]] = {
    "applicant.kind": "Type de territoire",
    "applicant.code": "Territoire",
    "applicant.name": "Nom du territoire",
    "territory": "Territoire",
    "communes": "Communes",
    "lead_departement": "Département",
    "contact.name": "Prénom et nom",
    "contact.role": "Fonction",
    "contact.email": "Adresse électronique",
    "contact.phone": "Téléphone",
    "kind": "Besoin",
    "title": "Intitulé",
    "description": "Description",
    "support_types": "Types d’accompagnement",
    "fields": "Champs d’intervention",
    "programme": "Programme",
    "budget_cents": "Budget estimé",
    "desired_start": "Démarrage souhaité",
    "engineering_sought": "Ingénierie déjà recherchée",
    "document": "Documents",
}

APPLICANT_NOTES: Final = {
    ApplicantKind.COMMUNE: "Y compris une commune nouvelle.",
    ApplicantKind.EPCI: "Communauté de communes, d’agglomération, urbaine, ou métropole.",
    ApplicantKind.PRIORITY: "Un ensemble de communes que vous nommerez.",
}
REQUEST_NOTES: Final = {
    RequestKind.TAILORED_SUPPORT: (
        "Pour un projet complexe, quand l’offre d’ingénierie locale ne suffit pas\u00a0: assistance, ingénierie, "
        "retours d’expérience."
    ),
    RequestKind.TERRITORIAL_PROJECT: (
        "Pour construire une vision partagée\u00a0: analyse du territoire, diagnostic, concertation, plan d’action."
    ),
    RequestKind.TERRITORIAL_PACT: (
        "Pour s’entendre avec l’État sur un diagnostic, puis sur un plan d’action partagé, signé par chacun."
    ),
    RequestKind.PROGRAMME: (
        "Action Cœur de Ville, Petites Villes de Demain, Ruralités, France Services ou Territoires d’industrie."
    ),
}


@dataclass(frozen=True, slots=True)
class Section:
    """What was answered in one group of questions, and the page that changes it."""

    name: str
    page: str
    facts: list[tuple[str, Any]]


@dataclass(frozen=True, slots=True)
class Choices:
    """The options of each question, given what was answered before."""

    territories: Territories
    reading: Reading

    @property
    def applicant_kinds(self) -> list[tuple[str, ...]]:
        """The five sorts of territory."""
        return [_option(kind, APPLICANT_NOTES.get(kind)) for kind in ApplicantKind]

    @property
    def applicant_kind(self) -> ApplicantKind | None:
        """The sort that was chosen."""
        return self.reading.applicant_kind

    @property
    def listed(self) -> list[tuple[str, str]]:
        """The territories of a kind that has few: départements by number, régions by name; none for the others."""
        found: tuple[Departement | Territory, ...] = ()
        if self.applicant_kind is ApplicantKind.DEPARTEMENT:
            found = self.territories.departements()
        elif self.applicant_kind is ApplicantKind.REGION:
            found = self.territories.regions()
        return [(one.code, f"{territory_search.spoken(one.name)} ({one.code})") for one in found]

    @property
    def departements(self) -> list[tuple[str, str]]:
        """The départements of the territory, of which one follows the request."""
        found = self.reading.found
        known = {one.code: territory_search.spoken(one.name) for one in self.territories.departements()}
        return [(code, f"{known.get(code, code)} ({code})") for code in found.territory.departements] if found else []

    @property
    def request_kinds(self) -> list[tuple[str, ...]]:
        """The four things that can be asked for."""
        return [_option(kind, REQUEST_NOTES[kind]) for kind in RequestKind]

    @property
    def request_kind(self) -> RequestKind | None:
        """The thing that is asked for."""
        return self.reading.request_kind

    @property
    def support_types(self) -> list[tuple[str, ...]]:
        """How the support can be given for it."""
        kind = self.request_kind
        return [_option(one) for one in SupportType if kind and one in SUPPORT_TYPES_OF[kind]]

    @property
    def fields(self) -> list[tuple[str, ...]]:
        """What it can be about."""
        kind = self.request_kind
        return [_option(one) for one in Field if kind and one in FIELDS_OF[kind]]

    @property
    def programmes(self) -> list[tuple[str, ...]]:
        """The programmes, when one is asked for."""
        return [_option(one) for one in Programme] if self.request_kind is RequestKind.PROGRAMME else []

    @property
    def source(self) -> str:
        """Where the official names come from."""
        return self.territories.source.sentence


def summary(territories: Territories, reading: Reading, documents: list[Document]) -> list[Section]:
    """Return what was answered, by group."""
    values = reading.values
    facts: dict[str, list[tuple[str, Any]]] = {
        "Territoire": list(_territory(territories, reading)),
        "Contact": [(LABELS[name], values.get(name) or None) for name in BY_NAME["contact"].fields],
        "Besoin": [(LABELS["kind"], word(reading.request_kind) if reading.request_kind else None)],
        "Projet": [
            (LABELS["title"], values.get("title") or None),
            (LABELS["description"], in_lines(values.get("description"))),
        ],
        "Précisions": list(_details(reading)),
        "Documents": [(LABELS["document"], in_lines("\n".join(one.name for one in documents)) or "Aucun")],
    }
    first = {step.group: step.name for step in reversed(STEPS)}
    return [Section(group, first[group], answers) for group, answers in facts.items()]


def _territory(territories: Territories, reading: Reading) -> Iterator[tuple[str, Any]]:
    kind, found = reading.applicant_kind, reading.found
    yield LABELS["applicant.kind"], word(kind) if kind else None
    yield LABELS["territory"], territory_search.spoken(found.territory.full_name) if found else None
    if found and kind is ApplicantKind.PRIORITY:
        yield (
            LABELS["communes"],
            territory_search.written(territories, list(found.territory.communes)).replace("\n", ", "),
        )
    if found:
        departement = territories.find(ApplicantKind.DEPARTEMENT, found.departement)
        yield (
            "Département qui suivra la demande",
            territory_search.spoken(departement.name) if departement else found.departement,
        )


def _details(reading: Reading) -> Iterator[tuple[str, Any]]:
    kind, values = reading.request_kind, reading.values
    if kind and SUPPORT_TYPES_OF[kind]:
        given = [SupportType(one) for one in as_list(values.get("support_types")) if one in SUPPORT_TYPES_OF[kind]]
        yield LABELS["support_types"], ", ".join(word(one) for one in given) or None
    if kind and FIELDS_OF[kind]:
        about = [Field(one) for one in as_list(values.get("fields")) if one in FIELDS_OF[kind]]
        yield LABELS["fields"], ", ".join(word(one) for one in about) or None
    if kind is RequestKind.PROGRAMME:
        programme = values.get("programme")
        yield LABELS["programme"], word(Programme(programme)) if programme in list(Programme) else None
    yield LABELS["budget_cents"], _amount(values.get("budget_cents"))
    yield LABELS["desired_start"], _date(values.get("desired_start"))
    yield LABELS["engineering_sought"], in_lines(values.get("engineering_sought"))


def in_lines(text: str | None) -> Markup | None:
    """Return what was typed with its line breaks, as HTML."""
    return Markup("<br>").join(text.splitlines()) if text else None


def _amount(typed: Any) -> str | None:
    try:
        cents = cents_of(typed) if typed else None
    except PydanticCustomError:
        return str(typed)
    return euros(cents) if isinstance(cents, int) else None


def _date(typed: Any) -> str | None:
    try:
        return date_fr(date.fromisoformat(typed)) if typed else None
    except ValueError:
        return str(typed)


def _option(value: Any, note: str | None = None) -> tuple[str, ...]:
    return (value, word(value), note) if note else (value, word(value))
