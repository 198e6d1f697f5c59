"""Store incoming replies and delivery reports, and the addresses that mail servers reject."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.notifications.domain.perimeter import Perimeter
from services.notifications.store.deliveries import MailRow
from services.notifications.store.perimeter import SEES_DELIVERY
from services.notifications.store.sending import Tried
from shared import clock
from shared.contracts.notifications import Audience
from shared.db import Reader, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(MailRow):
    """The mail that somebody answers; `departement` has its request now."""

    uninvited: bool
    """It went to a colleague of the applicant whose invitation was taken back since."""


async def answered(reader: Reader, delivery_id: UUID) -> Answered | None:
    """Return the mail that somebody answers."""
    row = await reader.fetchrow(
        """
        SELECT d.id, d.event_id, d.request_id, coalesce(k.departement, d.departement) AS departement, d.audience,
               d.template, d.holder, d.recipient, f.ended_at IS NOT NULL AS uninvited
        FROM delivery d
        LEFT JOIN follower f ON d.holder = 'follower:' || f.id
        LEFT JOIN known_request k ON k.request_id = d.request_id
        WHERE d.id = $1
        """,
        delivery_id,
    )
    return Answered(**row) if row else None


async def note_incoming(tx: Transaction, delivery_id: UUID, digest: bytes, *, kind: str, at: datetime) -> bool:
    """Record that something came back to a mail; return whether it is new."""
    added = await tx.fetchval(
        """
        INSERT INTO incoming_mail (delivery_id, digest, kind, received_at)
        SELECT id, $2, $3, $4 FROM delivery WHERE id = $1
        ON CONFLICT DO NOTHING
        RETURNING TRUE
        """,
        delivery_id,
        digest,
        kind,
        at,
    )
    return added is not None


async def replies_since(reader: Reader, delivery_id: UUID, since: datetime) -> int:
    """Count the answers to a mail."""
    count: int = await reader.fetchval(
        "SELECT count(*) FROM incoming_mail WHERE delivery_id = $1 AND kind = 'reply' AND received_at >= $2",
        delivery_id,
        since,
    )
    return count


async def replies_about(reader: Reader, request_id: UUID, audience: Audience, since: datetime) -> tuple[int, int]:
    """Count what one side answered to mails about a request: in all, and since then."""
    row = await reader.fetchrow(
        """
        SELECT count(*) AS all_replies, count(*) FILTER (WHERE i.received_at >= $3) AS recent
        FROM delivery d
        JOIN incoming_mail i ON i.delivery_id = d.id AND i.kind = 'reply'
        WHERE d.request_id = $1 AND d.audience = $2
        """,
        request_id,
        audience,
        since,
    )
    return (row["all_replies"], row["recent"]) if row else (0, 0)


async def note_returned(tx: Transaction, delivery_id: UUID, *, answer: str, at: datetime) -> tuple[Tried, bool] | None:
    """Write among the attempts that a mail came back; return it, locked, and whether it counted as gone."""
    row = await tx.fetchrow(
        """
        SELECT id, event_id, request_id, departement, audience, template, holder, recipient, attempts, tried_since,
               status IN ('sent', 'uncertain') AS gone, round
        FROM delivery
        WHERE id = $1
        FOR UPDATE
        """,
        delivery_id,
    )
    if row is None:
        return None
    values = dict(row)
    gone, number = values.pop("gone"), values.pop("round")
    await tx.execute(
        """
        INSERT INTO delivery_attempt (id, delivery_id, round, began_at, ended_at, result, answer)
        VALUES ($1, $2, $3, $4, $4, 'returned', $5)
        """,
        clock.new_id(),
        delivery_id,
        number,
        at,
        answer,
    )
    return Tried(**values), gone


async def flag_address(tx: Transaction, address: str, *, answer: str, delivery_id: UUID, at: datetime) -> None:
    """Record that an address takes no mail; since when it did not is kept from the first time."""
    await tx.execute(
        """
        INSERT INTO bad_address (id, address, since, answer, delivery_id)
        VALUES ($1, lower($2), $3, $4, $5)
        ON CONFLICT (address) DO UPDATE SET answer = EXCLUDED.answer, delivery_id = EXCLUDED.delivery_id
        """,
        clock.new_id(),
        address,
        at,
        answer,
        delivery_id,
    )


async def clear_address(tx: Transaction, address_id: UUID, perimeter: Perimeter) -> bool:
    """Forget that an address takes no mail; return whether there was one that mails of the perimeter go to."""
    cleared = await tx.fetchval(
        f"""
        DELETE FROM bad_address b
        WHERE b.id = $4
          AND EXISTS (SELECT FROM delivery WHERE lower(delivery.recipient) = b.address AND {SEES_DELIVERY})
        RETURNING TRUE
        """,
        *perimeter.arguments,
        address_id,
    )
    return cleared is not None
