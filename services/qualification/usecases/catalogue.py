"""Use cases of the catalogue: a SAT agent adds or changes a local provider."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import date
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field as Bounds

from services.qualification.domain.inputs import CODES, Code, Phone, Short, Url
from services.qualification.domain.matching import CatalogueEntry
from services.qualification.store import providers
from services.qualification.usecases.context import Context
from shared.clock import new_id
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.vocabulary import ApplicantKind, Field, SupportType
from shared.errors import FieldError, Invalid, NotFound
from shared.identity.model import Agent, Role
from shared.territory import Territories

_SHARED = (
    "Cet acteur intervient aussi dans d’autres départements ({}) : vous pouvez inscrire ou retirer le vôtre, rien "
    "d’autre. Si ces renseignements ont changé, ajoutez une fiche propre à votre département."
)


PLACES: Final = {
    "departements": (ApplicantKind.DEPARTEMENT, "Aucun département n’a le code"),
    "epci": (ApplicantKind.EPCI, "Aucun EPCI n’a le numéro SIREN"),
    "communes": (ApplicantKind.COMMUNE, "Aucune commune n’a le code Insee"),
}
"""Fields that hold codes of territories: of which kind, and what is said of a code that is none."""


class _Description(Command):
    """What an agent says of a provider, beside its name, its address and the départements where it works."""

    kind: Short = "Autre"
    phone: Phone | None = None
    url: Url | None = None
    epci: Annotated[list[Code], CODES] = Bounds(default_factory=list, max_length=500)
    communes: Annotated[list[Code], CODES] = Bounds(default_factory=list, max_length=2_000)
    fields: list[Field] = Bounds(default_factory=list, max_length=20)
    support_types: list[SupportType] = Bounds(default_factory=list, max_length=10)
    capacity: int | None = Bounds(default=None, ge=0, le=10_000)
    valid_from: date | None = None
    valid_until: date | None = None


class DescribeProvider(_Description):
    """What an agent says of a provider; without `departements`, those of the agent or of the entry as it is."""

    name: Short
    email: Email
    departements: Annotated[list[Code], CODES] = Bounds(default_factory=list, max_length=110)


class ChangeProvider(_Description):
    """What changes of a provider; members that are not given stay as they are."""

    name: Short | None = None
    email: Email | None = None
    departements: list[Code] | None = Bounds(default=None, min_length=1, max_length=110)


async def add(do: Context, command: DescribeProvider) -> UUID:
    """Add a provider to the catalogue."""
    do.agent.require(Role.SAT_AGENT)
    provider = _checked(do, new_id(), command, before=())
    await providers.insert(do.tx, provider, do.at)
    return provider.id


async def change(do: Context, provider_id: UUID, command: DescribeProvider) -> UUID:
    """Write a provider's entry anew; départements outside the agent's perimeter stay as they are."""
    await rewrite(do, provider_id, command)
    return provider_id


async def rewrite(do: Context, provider_id: UUID, command: DescribeProvider) -> bool:
    """Write a provider's entry anew, and return whether anything changed.

    Where the provider also works outside the agent's perimeter, only the agent's own départements are added or removed:
    whoever changes the address of a provider is who reads the links that are mailed to it.
    """
    known = await _load(do, provider_id)
    if not command.departements:
        command = command.model_copy(update={"departements": list(known.departements)})
    provider = replace(_checked(do, provider_id, command, before=known.departements), engaged=known.engaged)
    _refuse_for_others(provider, known, do.agent)
    await providers.update(do.tx, provider, do.at)
    return provider != known


async def change_part(do: Context, provider_id: UUID, command: ChangeProvider) -> UUID:
    """Change what is given of a provider's entry; the rest stays."""
    known = asdict(await _load(do, provider_id))
    given = {name: known[name] for name in DescribeProvider.model_fields} | command.model_dump(exclude_unset=True)
    return await change(do, provider_id, DescribeProvider.model_validate(given))


async def _load(do: Context, provider_id: UUID) -> CatalogueEntry:
    do.agent.require(Role.SAT_AGENT)
    known = await providers.load_for_update(do.tx, provider_id, do.agent.perimeter)
    if known is None:
        raise NotFound
    return known


def _refuse_for_others(provider: CatalogueEntry, known: CatalogueEntry, by: Agent) -> None:
    """Refuse with `Invalid` to change more than the départements of a provider that also works elsewhere."""
    elsewhere = [code for code in known.departements if not by.sees(code)]
    if elsewhere and replace(provider, departements=known.departements) != known:
        raise Invalid.field("departements", _SHARED.format(", ".join(elsewhere)))


def _checked(do: Context, provider_id: UUID, entry: DescribeProvider, *, before: tuple[str, ...]) -> CatalogueEntry:
    departements = _codes(entry.departements) or tuple(sorted(do.agent.departements))
    epci, communes = _codes(entry.epci), _codes(entry.communes)
    errors = [
        FieldError("departements", f"Vous ne pouvez pas inscrire ou retirer le département {code}.")
        for code in sorted(set(departements) ^ set(before))
        if not do.agent.sees(code)
    ]
    errors += unknown_codes(do.territories, {"departements": departements, "epci": epci, "communes": communes})
    if entry.valid_from and entry.valid_until and entry.valid_until < entry.valid_from:
        errors.append(FieldError("valid_until", "La fin de validité précède son début."))
    if errors:
        raise Invalid(errors)
    lists: dict[str, tuple[str, ...]] = {
        "departements": departements,
        "epci": epci,
        "communes": communes,
        "fields": tuple(dict.fromkeys(entry.fields)),
        "support_types": tuple(dict.fromkeys(entry.support_types)),
    }
    return CatalogueEntry(id=provider_id, **{**dict(entry), **lists})


def unknown_codes(territories: Territories, given: Mapping[str, Sequence[str]]) -> Iterator[FieldError]:
    """Find the codes of no territory, by the fields that hold them."""
    for name, (kind, words) in PLACES.items():
        for code in _codes(given.get(name, ())):
            if territories.find(kind, code) is None:
                yield FieldError(name, f"{words} {code}.")


def _codes(codes: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code.upper() for code in codes))
