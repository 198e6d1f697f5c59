"""The catalogue comes in as a table: each line is added, changed, left as it is, or refused with its reasons."""

import dataclasses
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.store import providers
from services.qualification.usecases import catalogue
from services.qualification.usecases.catalogue import Entry
from shared.db import Transaction
from shared.errors import FieldError, Invalid
from shared.identity.model import Agent, Role
from shared.tables import Line, Reported, Result, refused
from shared.territory import Territories

UNKNOWN = "Aucun acteur de votre annuaire n’a cet identifiant. Laissez la case vide pour en inscrire un nouveau."


async def import_providers(
    tx: Transaction, lines: Sequence[Line[Entry]], *, by: Agent, at: datetime, territories: Territories
) -> list[Reported]:
    """Bring the lines into the catalogue, each by itself, and report on each.

    A line with an identifier means that provider; one without means the provider of the same name and address, if
    there is one. The same table sent twice changes nothing the second time.
    """
    by.require(Role.SAT_AGENT)
    meant = [await _meant(tx, line.id, line.item, by) for line in lines if line.item is not None]
    await providers.lock_all(tx, {provider_id for provider_id in meant if provider_id is not None})
    return [await _import(tx, line, by=by, at=at, territories=territories) for line in lines]


async def _import(tx: Transaction, line: Line[Entry], *, by: Agent, at: datetime, territories: Territories) -> Reported:
    entry = line.item
    if entry is None:
        return refused(line)
    known = await _known(tx, line.id, entry, by)
    if line.id and known is None:
        return refused(dataclasses.replace(line, id=None), FieldError("id", UNKNOWN))
    try:
        if known is None:
            added = await catalogue.add(tx, entry, by=by, at=at, territories=territories)
            return Reported(line.number, line.shown, Result.ADDED, id=added.id)
        changed = await catalogue.change(tx, known.id, entry, by=by, at=at, territories=territories)
    except Invalid as refusal:
        return refused(dataclasses.replace(line, id=known.id if known else None), *refusal.errors)
    same = dataclasses.replace(changed, engaged=known.engaged) == known
    return Reported(line.number, line.shown, Result.UNCHANGED if same else Result.CHANGED, id=known.id)


async def _meant(tx: Transaction, provider_id: UUID | None, entry: Entry, by: Agent) -> UUID | None:
    """Tell which provider a line means."""
    return provider_id or await providers.find_same(tx, name=entry.name, email=entry.email, perimeter=by.perimeter)


async def _known(tx: Transaction, provider_id: UUID | None, entry: Entry, by: Agent) -> CatalogueEntry | None:
    found = await _meant(tx, provider_id, entry, by)
    return await providers.load_for_update(tx, found, by.perimeter) if found else None
