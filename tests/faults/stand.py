"""Read the state of all services from their databases: published, applied, and waiting events."""

import asyncio
import time
from dataclasses import dataclass
from datetime import datetime

from tests.faults.judged import Judged
from tests.faults.product import SERVICES
from tests.faults.tampering import RUBBISH_ID

HEARS = {
    "intake": ("qualification", "escalation", "notifications"),
    "qualification": ("intake", "escalation", "notifications"),
    "escalation": ("intake", "qualification", "notifications"),
    "notifications": ("intake", "qualification", "escalation"),
}
"""Who listens to whom; besides, qualification listens to its own transfers, which stand alone."""

TRANSFERRED = ["qualification.exchanges_transferred.v1", "qualification.request_transferred.v1"]
APPLIED_HASH = "hash"
"""The column of `inbox_stream` that holds the chain hash of the last event that was applied."""
STORES_HASH = "SELECT FROM information_schema.columns WHERE table_name = 'inbox_stream' AND column_name = $1"
DEAD_AFTER = 15.0
"""Seconds: the mail server answers at once, so that a mail under way for longer has lost its sender."""


@dataclass(frozen=True, slots=True)
class Behind:
    """A stream that a listener has not applied as far as it goes, or further than it goes."""

    listener: str
    source: str
    subject: str
    applied: int
    told: int

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.listener} applied {self.applied} of {self.told} of {self.source} {self.subject}"


async def behind(product: Judged, *, told_before: datetime | None = None) -> list[Behind]:
    """Compare every journal with what every listener has applied of it.

    With `told_before`, only what had been told by then is expected.
    """
    told: dict[str, dict[tuple[str, str], int]] = {}
    applied: dict[str, dict[tuple[str, str], int]] = {}
    for service in SERVICES:
        rows = await product.fetch(
            service,
            """
            SELECT source, subject, max(sequence) AS sequence FROM journal
            WHERE $1::timestamptz IS NULL OR recorded_at <= $1
            GROUP BY source, subject
            """,
            told_before,
        )
        told[service] = {(row["source"], row["subject"]): row["sequence"] for row in rows}
        rows = await product.fetch(service, "SELECT source, subject, applied FROM inbox_stream")
        applied[service] = {(row["source"], row["subject"]): row["applied"] for row in rows}
    transfers = await product.fetch(
        "qualification",
        """
        SELECT source, 'event:' || id AS subject FROM journal
        WHERE type = ANY ($1) AND ($2::timestamptz IS NULL OR recorded_at <= $2)
        """,
        TRANSFERRED,
        told_before,
    )
    found = []
    for listener, sources in HEARS.items():
        expected = {stream: head for source in sources for stream, head in told[source].items()}
        if listener == "qualification":
            expected |= {(row["source"], row["subject"]): 1 for row in transfers}
        for (source, subject), head in expected.items():
            got = applied[listener].get((source, subject), 0)
            if got < head or (told_before is None and got > head):
                found.append(Behind(listener, source, subject, got, head))
    return found


async def ghosts(product: Judged) -> list[str]:
    """Name the streams of which a listener applied, parked or awaits events although nobody published any."""
    published = {
        (row["source"], subject)
        for service in SERVICES
        for row in await product.fetch(service, "SELECT source, subject, id::text FROM journal")
        for subject in (row["subject"], f"event:{row['id']}")
    }
    found = []
    for service in SERVICES:
        rows = await product.fetch(
            service,
            """
            SELECT 'applied' AS what, source, subject FROM inbox_stream
            UNION SELECT 'parked', source, subject FROM inbox_waiting
            UNION SELECT 'awaits', source, subject FROM inbox_expected
            """,
        )
        found += [
            f"{service} {row['what']} {row['source']} {row['subject']}, which nobody published"
            for row in rows
            if (row["source"], row["subject"]) not in published
            and not _is_foreign(row["source"])
            and not _is_rubbish(row["subject"])
        ]
    return found


def _is_foreign(source: str) -> bool:
    """Tell whether a source has no journal here: forms that file on the exchange."""
    return source.startswith("/forms/")


def _is_rubbish(subject: str) -> bool:
    """Tell whether it is the one fact without a number that the harness forges itself (`tampering.rubbish`)."""
    return subject == f"event:{RUBBISH_ID}"


async def forked(product: Judged) -> list[str]:
    """Name the streams whose last applied event is another one than the source published under that number.

    Listeners that do not store the chain hash of what they applied cannot be asked.
    """
    hashes: dict[tuple[str, str, int], bytes] = {}
    for service in SERVICES:
        for row in await product.fetch(service, "SELECT source, subject, sequence, hash FROM journal"):
            hashes[row["source"], row["subject"], row["sequence"]] = row["hash"]
    found = []
    for service in SERVICES:
        if not await product.fetch(service, STORES_HASH, APPLIED_HASH):
            continue
        for row in await product.fetch(
            service,
            f"SELECT source, subject, applied, {APPLIED_HASH} AS hash FROM inbox_stream"
            f" WHERE {APPLIED_HASH} IS NOT NULL",
        ):
            known = hashes.get((row["source"], row["subject"], row["applied"]))
            if known is not None and known != row["hash"]:
                found.append(f"{service} applied another {row['applied']} of {row['source']} {row['subject']}")
    return found


async def waiting(product: Judged) -> list[str]:
    """Say what still waits anywhere: in an outbox, for its turn, held, or for a mail to leave."""
    found = []
    for service in SERVICES:
        row = (
            await product.fetch(
                service,
                """
                SELECT (SELECT count(*) FROM outbox) AS outbox,
                       (SELECT count(*) FROM inbox_waiting) AS waiting,
                       (SELECT count(*) FROM inbox_held) AS held
                """,
            )
        )[0]
        found += [f"{service}: {row[what]} in {what}" for what in ("outbox", "waiting", "held") if row[what]]
    for row in await product.fetch(
        "notifications",
        "SELECT status, count(*) AS n FROM delivery WHERE status IN ('queued', 'sending') GROUP BY status",
    ):
        found.append(f"notifications: {row['n']} mails {row['status']}")
    return found + await told_partners(product)


async def told_partners(product: Judged) -> list[str]:
    """Say how many events still wait for partners' programs, or for their position."""
    (row,) = await product.fetch(
        "notifications",
        """
        SELECT (SELECT count(*) FROM partner_event WHERE position IS NULL)
                + (SELECT count(*) FROM webhook w JOIN partner_event e ON e.position > w.position
                   WHERE w.state = 'active' AND (w.types = '{}' OR e.type = ANY(w.types))
                       AND (w.departements = '{}' OR e.departement = ANY(w.departements))) AS n
        """,
    )
    return [f"notifications: {row['n']} mails to partners' programs"] if row["n"] else []


async def hurry_mails(product: Judged) -> None:
    """End early the five minutes' lease of senders that were killed, and the pauses before mails are tried again.

    A sender whose clock was stepped may have begun hours from now.
    """
    await product.execute(
        "notifications",
        """
        UPDATE delivery d SET lease_until = now()
        FROM delivery_attempt a
        WHERE a.id = d.attempt_id AND d.status = 'sending' AND d.lease_until > now()
          AND a.began_at NOT BETWEEN now() - make_interval(secs => $1) AND now() + make_interval(secs => $1)
        """,
        DEAD_AFTER,
    )
    await product.execute(
        "notifications", "UPDATE webhook SET next_attempt_at = now() WHERE failures > 0 AND next_attempt_at > now()"
    )
    await product.execute(
        "notifications",
        "UPDATE delivery SET next_attempt_at = now() WHERE status = 'queued' AND next_attempt_at > now()",
    )


async def settle(product: Judged, *, within: float) -> tuple[float, list[str]]:
    """Wait until nothing waits anywhere; give the seconds it took and what still waited when the time was up."""
    began = time.monotonic()
    left: list[str] = ["never looked"]
    calm = 0
    while time.monotonic() - began < within:
        left = await waiting(product)
        if not await product.ready():
            left.append("a service is not ready")
        left += [str(one) for one in await behind(product)][:20]
        calm = calm + 1 if not left else 0
        if calm > 2:
            return time.monotonic() - began, []
        if all("mails" in one for one in left):
            await hurry_mails(product)
        await asyncio.sleep(0.5)
    return time.monotonic() - began, left
