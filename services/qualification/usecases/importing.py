"""CSV import of the catalogue: each line is added, changed, left as it is, or refused with its reasons."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from pydantic import StringConstraints

from services.qualification.store import providers
from services.qualification.usecases import catalogue
from services.qualification.usecases.catalogue import DescribeProvider
from services.qualification.usecases.context import Context
from shared.commands import Command
from shared.errors import FieldError, Invalid
from shared.identity.model import Role
from shared.tables import Line, Reported, Result, refused

UNKNOWN = "Aucun acteur de votre annuaire n’a cet identifiant. Laissez la case vide pour en inscrire un nouveau."


class OnlyLook(Command):
    """`only_look`: report what would become of the lines, and change nothing."""

    only_look: bool = False


class ImportTable(OnlyLook):
    """A CSV table of providers with the headings of the one that is given."""

    table: Annotated[str, StringConstraints(min_length=1)]


async def import_providers(do: Context, lines: Sequence[Line[DescribeProvider]]) -> list[Reported]:
    """Bring the lines into the catalogue, each by itself, and report on each.

    A line with an identifier means that provider; one without means the provider of the same name and address, if
    there is one. The same table sent twice changes nothing the second time.
    """
    do.agent.require(Role.SAT_AGENT)
    meant = [await _meant(do, line.id, line.item) for line in lines if line.item is not None]
    await providers.lock_all(do.tx, {provider_id for provider_id in meant if provider_id is not None})
    return [await _import(do, line) for line in lines]


async def _import(do: Context, line: Line[DescribeProvider]) -> Reported:
    if line.item is None:
        return refused(line)
    meant = await _meant(do, line.id, line.item)
    known = await providers.load_for_update(do.tx, meant, do.agent.perimeter) if meant else None
    if line.id and known is None:
        return refused(replace(line, id=None), FieldError("id", UNKNOWN))
    try:
        if known is None:
            return Reported(line.number, line.shown, Result.ADDED, id=await catalogue.add(do, line.item))
        changed = await catalogue.rewrite(do, known.id, line.item)
    except Invalid as refusal:
        return refused(replace(line, id=known.id if known else None), *refusal.errors)
    return Reported(line.number, line.shown, Result.CHANGED if changed else Result.UNCHANGED, id=known.id)


async def _meant(do: Context, provider_id: UUID | None, entry: DescribeProvider) -> UUID | None:
    """Return which provider a line means."""
    return provider_id or await providers.find_same(
        do.tx, name=entry.name, email=entry.email, perimeter=do.agent.perimeter
    )
