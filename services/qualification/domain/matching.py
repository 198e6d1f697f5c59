"""Matching of local providers with a request: best first, with the reasons in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

from shared.contracts.intake import Applicant, Request
from shared.contracts.vocabulary import ApplicantKind, Field, SupportType
from shared.french.words import FIELD, SUPPORT_TYPE


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """A provider of the local engineering catalogue.

    Its area is its `departements`; `epci` and `communes`, when any are given, narrow it. No fields, no support types:
    it helps with all. `capacity`: how many requests at once, None without limit; `engaged`: how many it helps with now.
    """

    id: UUID
    name: str
    kind: str
    email: str
    departements: tuple[str, ...]
    phone: str | None = None
    url: str | None = None
    epci: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    support_types: tuple[SupportType, ...] = ()
    capacity: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    engaged: int = 0

    @property
    def capacity_left(self) -> int | None:
        """How many more requests it can help with; None without limit."""
        return None if self.capacity is None else max(0, self.capacity - self.engaged)

    @property
    def is_full(self) -> bool:
        """Return whether it can take no more."""
        return self.capacity_left == 0

    def is_valid(self, day: date) -> bool:
        """Return whether the entry holds on that day."""
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )

    def covers(self, applicant: Applicant, departement: str) -> bool:
        """Return whether the applicant lies in its area."""
        if departement not in self.departements:
            return False
        return not (self.epci or self.communes) or self.is_near(applicant)

    def is_near(self, applicant: Applicant) -> bool:
        """Return whether the applicant, or a part of it, is named in a narrowed area."""
        if applicant.kind is ApplicantKind.EPCI:
            return applicant.code in self.epci
        if applicant.kind is ApplicantKind.COMMUNE:
            return applicant.code in self.communes or applicant.epci in self.epci
        return applicant.kind is ApplicantKind.PRIORITY and not set(self.communes).isdisjoint(applicant.communes)


class Match(NamedTuple):
    """A provider that may help, and why, in French sentences."""

    provider: CatalogueEntry
    reasons: tuple[str, ...]


def match(
    request: Request,
    departement: str,
    catalogue: Iterable[CatalogueEntry],
    day: date,
    tried: Mapping[UUID, str] = MappingProxyType({}),
) -> list[Match]:
    """Return the providers that may help, best first: common fields weigh most, then support types, then nearness.

    Among equals the one that works in fewer départements comes first, then the one that is less engaged. `tried` says
    of providers that were asked about this request why they do not help: they come last, with that as first reason.
    """
    found = [
        (score, entry, reasons)
        for entry in catalogue
        if entry.is_valid(day) and not entry.is_full and entry.covers(request.applicant, departement)
        for score, reasons in [_compare(request, departement, entry)]
        if score
    ]
    found.sort(
        key=lambda each: (each[1].id in tried, -each[0], len(each[1].departements), each[1].engaged, each[1].name)
    )
    return [Match(entry, (tried[entry.id], *reasons) if entry.id in tried else reasons) for _, entry, reasons in found]


def _compare(request: Request, departement: str, entry: CatalogueEntry) -> tuple[int, tuple[str, ...]]:
    fields = [field for field in request.fields if field in entry.fields]
    support = [each for each in request.support_types if each in entry.support_types]
    field_fits = not request.fields or not entry.fields or bool(fields)
    support_fits = not request.support_types or not entry.support_types or bool(support)
    if not (field_fits or support) or not (support_fits or fields):
        return 0, ()
    near = bool(entry.epci or entry.communes)
    score = 1 + 30 * len(fields) + 10 * len(support) + (5 if near else 0)
    score += 2 if field_fits and not fields else 0
    return score, tuple(_reasons(request, departement, entry, fields, support))


def _reasons(
    request: Request,
    departement: str,
    entry: CatalogueEntry,
    fields: list[Field],
    support: list[SupportType],
) -> Iterable[str]:
    if fields:
        names = ", ".join(_lower(FIELD[field]) for field in fields)
        yield f"Intervient dans {'le champ demandé' if len(fields) == 1 else 'les champs demandés'}\u00a0: {names}."
    elif not entry.fields:
        yield "Intervient dans tous les champs."
    if support:
        yield f"Propose l’accompagnement demandé\u00a0: {', '.join(_lower(SUPPORT_TYPE[each]) for each in support)}."
    elif not entry.support_types:
        yield "Propose tous les types d’accompagnement."
    if entry.epci or entry.communes:
        yield f"Intervient sur le territoire de {request.applicant.name}."
    else:
        yield f"Intervient dans tout le département ({departement})."
    left = entry.capacity_left
    if left is None:
        yield "N’a pas fixé de limite au nombre de demandes suivies."
    else:
        yield f"Peut encore suivre {left} demande{'s' if left > 1 else ''}."


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]
