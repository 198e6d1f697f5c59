"""Rows of the catalogue of local providers."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.store.rows import PROVIDER, entry_of
from shared.db import Reader, Transaction
from shared.territory.index import fold


async def insert(tx: Transaction, entry: CatalogueEntry, at: datetime) -> bool:
    """Add a provider; return whether it is new."""
    done = await tx.execute(
        """
        INSERT INTO provider (id, name, kind, email, phone, url, departements, epci, communes, fields, support_types,
                              capacity, valid_from, valid_until, search, created_at, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $16)
        ON CONFLICT (id) DO NOTHING
        """,
        *_values(entry),
        at,
    )
    return done == "INSERT 0 1"


async def update(tx: Transaction, entry: CatalogueEntry, at: datetime) -> None:
    """Write a provider's entry anew."""
    await tx.execute(
        """
        UPDATE provider SET
            name = $2,
            kind = $3,
            email = $4,
            phone = $5,
            url = $6,
            departements = $7,
            epci = $8,
            communes = $9,
            fields = $10,
            support_types = $11,
            capacity = $12,
            valid_from = $13,
            valid_until = $14,
            search = $15,
            changed_at = $16
        WHERE id = $1
        """,
        *_values(entry),
        at,
    )


async def load_for_update(tx: Transaction, provider_id: UUID, perimeter: Sequence[str] | None) -> CatalogueEntry | None:
    """Lock a provider that has something to do with this perimeter.

    Two statements: how many requests it has in hand is counted after the lock was obtained. In one, the count would be
    that of the moment before whoever held the lock gave the last place away.
    """
    await tx.execute("SELECT FROM provider WHERE id = $1 FOR UPDATE", provider_id)
    row = await tx.fetchrow(
        f"""
        SELECT {PROVIDER}
        FROM provider AS p
        WHERE p.id = $1
          AND ($2::text[] IS NULL OR p.departements && $2)
        """,
        provider_id,
        perimeter,
    )
    return entry_of(row) if row else None


async def lock_all(tx: Transaction, provider_ids: Collection[UUID]) -> None:
    """Lock providers that are changed one after the other, in the order of their ids."""
    await tx.execute("SELECT FROM provider WHERE id = ANY($1) ORDER BY id FOR UPDATE", list(provider_ids))


async def find_same(tx: Transaction, *, name: str, email: str, perimeter: Sequence[str] | None) -> UUID | None:
    """Find the provider of this perimeter that has this name and this address, whatever their capitals."""
    found: UUID | None = await tx.fetchval(
        """
        SELECT p.id
        FROM provider AS p
        WHERE lower(p.name) = lower($1)
          AND lower(p.email) = lower($2)
          AND ($3::text[] IS NULL OR p.departements && $3)
        ORDER BY p.created_at
        LIMIT 1
        """,
        name.strip(),
        email,
        perimeter,
    )
    return found


async def of_departement(reader: Reader, departement: str) -> list[CatalogueEntry]:
    """Return the providers of a département by name."""
    rows = await reader.fetch(
        f"""
        SELECT {PROVIDER}
        FROM provider AS p
        WHERE p.departements @> ARRAY[$1]
        ORDER BY p.search, p.id
        """,
        departement,
    )
    return [entry_of(row) for row in rows]


def _values(entry: CatalogueEntry) -> tuple[object, ...]:
    return (
        entry.id,
        entry.name,
        entry.kind,
        entry.email,
        entry.phone,
        entry.url,
        list(entry.departements),
        list(entry.epci),
        list(entry.communes),
        list(entry.fields),
        list(entry.support_types),
        entry.capacity,
        entry.valid_from,
        entry.valid_until,
        fold(f"{entry.name} {entry.kind}"),
    )
