"""Store the addresses of teams and local providers."""

from datetime import datetime
from uuid import UUID

from services.notifications.domain.directory import ServiceInCharge
from shared.contracts.qualification import Provider
from shared.db import Reader, Transaction


async def contacts(reader: Reader, holders: list[str]) -> dict[str, ServiceInCharge]:
    """Return what was entered for these mailboxes."""
    rows = await reader.fetch("SELECT holder, name, address, email, phone FROM contact WHERE holder = ANY($1)", holders)
    return {
        row["holder"]: ServiceInCharge(name=row["name"], address=row["address"], email=row["email"], phone=row["phone"])
        for row in rows
    }


async def set_contact(tx: Transaction, holder: str, entered: ServiceInCharge, *, by: UUID, at: datetime) -> None:
    """Store how a team is reached."""
    await tx.execute(
        """
        INSERT INTO contact (holder, name, address, email, phone, changed_by, changed_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (holder) DO UPDATE SET
            name = EXCLUDED.name,
            address = EXCLUDED.address,
            email = EXCLUDED.email,
            phone = EXCLUDED.phone,
            changed_by = EXCLUDED.changed_by,
            changed_at = EXCLUDED.changed_at
        """,
        holder,
        entered.name,
        entered.address,
        entered.email,
        entered.phone,
        by,
        at,
    )


async def forget_contact(tx: Transaction, holder: str) -> None:
    """Delete what was entered: what is configured or was in an event is valid again."""
    await tx.execute("DELETE FROM contact WHERE holder = $1", holder)


async def save_provider(
    tx: Transaction, departement: str, request_id: UUID, provider: Provider, *, at: datetime
) -> None:
    """Store how a provider is reached, as an event of a request says, unless a later event is stored."""
    await tx.execute(
        """
        INSERT INTO presented_provider AS p (provider_id, departement, request_id, name, email, phone, told_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (provider_id, departement, request_id) DO UPDATE SET
            name = EXCLUDED.name,
            email = EXCLUDED.email,
            phone = EXCLUDED.phone,
            told_at = EXCLUDED.told_at
        WHERE p.told_at < EXCLUDED.told_at
        """,
        provider.id,
        departement,
        request_id,
        provider.name,
        provider.email,
        provider.phone,
        at,
    )
