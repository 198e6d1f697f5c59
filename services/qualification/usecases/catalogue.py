"""The local engineering catalogue: kept by the SAT agents of the départements that a provider works in."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.store import providers
from shared.clock import new_id
from shared.contracts.vocabulary import ApplicantKind, Field, SupportType
from shared.db import Transaction
from shared.errors import FieldError, Invalid, NotFound
from shared.identity.model import Agent, Role
from shared.territory import Territories

_SHARED = (
    "Cet acteur intervient aussi dans d’autres départements ({}) : vous pouvez inscrire ou retirer le vôtre, rien "
    "d’autre. Si ces renseignements ont changé, ajoutez une fiche propre à votre département."
)


@dataclass(frozen=True, slots=True)
class Entry:
    """What an agent says of a provider; empty `departements`: his own."""

    name: str
    kind: str
    email: str
    phone: str | None = None
    url: str | None = None
    departements: tuple[str, ...] = ()
    epci: tuple[str, ...] = ()
    communes: tuple[str, ...] = ()
    fields: tuple[Field, ...] = ()
    support_types: tuple[SupportType, ...] = ()
    capacity: int | None = None
    valid_from: date | None = None
    valid_until: date | None = None


async def add(tx: Transaction, entry: Entry, *, by: Agent, at: datetime, territories: Territories) -> CatalogueEntry:
    """Add a provider to the catalogue."""
    by.require(Role.SAT_AGENT)
    provider = _checked(new_id(), entry, before=(), by=by, territories=territories)
    await providers.insert(tx, provider, at)
    return provider


async def change(
    tx: Transaction, provider_id: UUID, entry: Entry, *, by: Agent, at: datetime, territories: Territories
) -> CatalogueEntry:
    """Write a provider's entry anew; départements outside the agent's perimeter stay as they are.

    Where there are such départements, only the agent's own are added or removed: whoever changes the address of a
    provider is who reads the links that are mailed to it.
    """
    by.require(Role.SAT_AGENT)
    known = await providers.load_for_update(tx, provider_id, by.perimeter)
    if known is None:
        raise NotFound
    entry = replace(entry, departements=entry.departements or known.departements)
    provider = _checked(provider_id, entry, before=known.departements, by=by, territories=territories)
    provider = replace(provider, engaged=known.engaged)
    _refuse_for_others(provider, known, by)
    await providers.update(tx, provider, at)
    return provider


def _refuse_for_others(provider: CatalogueEntry, known: CatalogueEntry, by: Agent) -> None:
    """Refuse with `Invalid` to change more than the départements of a provider that also works elsewhere."""
    elsewhere = [code for code in known.departements if not by.sees(code)]
    if elsewhere and replace(provider, departements=known.departements) != known:
        raise Invalid.field("departements", _SHARED.format(", ".join(elsewhere)))


def _checked(
    provider_id: UUID, entry: Entry, *, before: tuple[str, ...], by: Agent, territories: Territories
) -> CatalogueEntry:
    departements = _codes(entry.departements) or tuple(sorted(by.departements))
    epci, communes = _codes(entry.epci), _codes(entry.communes)
    errors = [
        FieldError("departements", f"Vous ne pouvez pas inscrire ou retirer le département {code}.")
        for code in sorted(set(departements) ^ set(before))
        if not by.sees(code)
    ]
    for name, kind, codes, words in (
        ("departements", ApplicantKind.DEPARTEMENT, departements, "Aucun département n’a le code"),
        ("epci", ApplicantKind.EPCI, epci, "Aucun EPCI n’a le numéro SIREN"),
        ("communes", ApplicantKind.COMMUNE, communes, "Aucune commune n’a le code Insee"),
    ):
        errors += [FieldError(name, f"{words} {code}.") for code in codes if territories.find(kind, code) is None]
    if entry.valid_from and entry.valid_until and entry.valid_until < entry.valid_from:
        errors.append(FieldError("valid_until", "La fin de validité précède son début."))
    if errors:
        raise Invalid(errors)
    return CatalogueEntry(
        id=provider_id,
        name=entry.name.strip(),
        kind=entry.kind.strip(),
        email=entry.email,
        phone=entry.phone,
        url=entry.url,
        departements=departements,
        epci=epci,
        communes=communes,
        fields=tuple(dict.fromkeys(entry.fields)),
        support_types=tuple(dict.fromkeys(entry.support_types)),
        capacity=entry.capacity,
        valid_from=entry.valid_from,
        valid_until=entry.valid_until,
    )


def _codes(codes: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code.strip().upper() for code in codes if code.strip()))
