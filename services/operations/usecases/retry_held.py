"""Retry one or many held streams, or skip the event that holds one."""

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.reads.held import Held, NotHeld, show
from services.operations.store import record
from shared.db import Transaction
from shared.errors import NotFound
from shared.messaging.envelope import Envelope
from shared.messaging.envelope import chain_hash as hash_of
from shared.messaging.handlers import SINGLE
from shared.messaging.inbox import streams
from shared.messaging.inbox.held import Code
from shared.messaging.inbox.message import fingerprint_of


class NoneHeld(NotFound):
    """No stream of this service is held as was asked for (any more)."""

    code = "none_held"
    title = "No such stream is held"
    sentence = "Ce service ne retient aucune demande de ce groupe\u00a0: rien n’a été essayé de nouveau."


async def retry(watched: Watched, event_id: str, *, by: str, why: str, perimeter: list[str] | None = None) -> Held:
    """Have the service try the event again within a second; it counts as one more attempt.

    Refuses with `NotHeld`.
    """
    async with watched.database.transaction() as tx:
        held = await _lock(tx, watched.name, event_id, perimeter)
        await tx.execute(
            "UPDATE inbox_held SET next_attempt_at = now() WHERE subject = $1 AND source = $2",
            held.subject,
            held.source,
        )
        await record.note(tx, by=by, action=Action.HELD_RETRY, target=_target(held), why=why)
    return held


async def retry_all(
    watched: Watched,
    *,
    by: str,
    why: str,
    code: Code | None = None,
    type_: str | None = None,
    source: str | None = None,
    perimeter: list[str] | None = None,
) -> int:
    """Have the service try again all that it holds for this reason, of this type, from this source; return how many.

    The service takes twenty of them each half second. Refuses with `NoneHeld`.
    """
    filters = {"code": code, "type": type_, "source": source}
    chosen = ", ".join(f"{name} {value}" for name, value in filters.items() if value)
    async with watched.database.transaction() as tx:
        rows = await tx.fetch(
            """
            WITH chosen AS (
                SELECT subject, source FROM inbox_held
                WHERE ($1::text IS NULL OR code = $1)
                  AND ($2::text IS NULL OR type = $2)
                  AND ($3::text IS NULL OR source = $3)
                  AND ($4::text[] IS NULL OR departement = ANY($4))
                ORDER BY subject, source
                FOR UPDATE
            )
            UPDATE inbox_held h SET next_attempt_at = now()
            FROM chosen
            WHERE h.subject = chosen.subject AND h.source = chosen.source
            RETURNING h.event_id
            """,
            code,
            type_,
            source,
            perimeter,
        )
        if not rows:
            raise NoneHeld
        target = f"{len(rows)} streams ({chosen or 'all'})"
        await record.note(tx, by=by, action=Action.HELD_RETRY_ALL, target=target, why=why)
    return len(rows)


async def skip(watched: Watched, event_id: str, *, by: str, why: str, perimeter: list[str] | None = None) -> Held:
    """Count the event as not applied, for good, and let the service go on with what waits behind it.

    A forked stream follows its source's chain from behind this event on: what was applied of the other history stays in
    the service's tables (`cousu-main replay` shows it). The bytes are kept beside the discarded messages of the
    quarantine. Refuses with `NotHeld`.
    """
    async with watched.database.transaction() as tx:
        held = await _lock(tx, watched.name, event_id, perimeter)
        await _forget_attempts(tx, held)
        await _go_on_behind(tx, held)
        await tx.execute(
            """
            WITH skipped AS (
                DELETE FROM inbox_waiting
                WHERE subject = $1 AND source = $2 AND sequence <= $3
                RETURNING body, type, received_at
            )
            INSERT INTO quarantine
                (id, received_at, reason, routing_key, body, settled_at, settled_by, settlement, why)
            SELECT gen_random_uuid(), received_at, $4, type, body, now(), $5, 'discarded', $6
            FROM skipped
            """,
            held.subject,
            held.source,
            held.sequence,
            f"skipped: {held.reason}"[:500],
            by,
            record.motive(why),
        )
        await _go_on(tx, held)
        await record.note(tx, by=by, action=Action.HELD_SKIP, target=_target(held), why=why)
    return held


async def _lock(tx: Transaction, service: str, event_id: str, perimeter: list[str] | None) -> Held:
    """Lock the stream as the inbox does (its row first), then look whether the event still holds it."""
    key = await show(tx, service, event_id, perimeter=perimeter)
    await tx.execute("SELECT FROM inbox_stream WHERE subject = $1 AND source = $2 FOR UPDATE", key.subject, key.source)
    return await show(tx, service, event_id)


async def _go_on_behind(tx: Transaction, held: Held) -> None:
    """Let the stream continue behind the event that holds it, with the chain hash that its source has there."""
    row = await tx.fetchrow(
        """
        SELECT s.applied, s.hash, h.claimed_hash,
               (SELECT w.body FROM inbox_waiting w
                WHERE w.subject = s.subject AND w.source = s.source AND w.sequence = h.sequence
                ORDER BY w.event_id = h.event_id DESC
                LIMIT 1) AS body
        FROM inbox_stream s
        JOIN inbox_held h ON h.subject = s.subject AND h.source = s.source
        WHERE s.subject = $1 AND s.source = $2
        """,
        held.subject,
        held.source,
    )
    if row is None:
        raise NotHeld
    chain_hash: bytes | None = row["claimed_hash"] or None
    digest = None
    if row["body"] is not None and not held.subject.startswith(SINGLE):
        stated = Envelope.read(row["body"]).previoushash
        before = bytes.fromhex(stated) if stated else (b"" if held.sequence == 1 else row["hash"])
        chain_hash = None if before is None else hash_of(before, row["body"])
        digest = fingerprint_of(row["body"])[: streams.DIGEST]
    await streams.skip_to(
        tx,
        held.subject,
        held.source,
        sequence=held.sequence,
        chain_hash=chain_hash,
        digest=digest,
    )


async def _forget_attempts(tx: Transaction, held: Held) -> None:
    """Stop counting how often the event was begun: it is not begun any more."""
    await tx.execute(
        """
        DELETE FROM inbox_attempt a
        USING inbox_waiting w
        WHERE a.fingerprint = sha256(w.body) AND w.subject = $1 AND w.source = $2 AND w.sequence <= $3
        """,
        held.subject,
        held.source,
        held.sequence,
    )


async def _go_on(tx: Transaction, held: Held) -> None:
    """Hand the stream to the service's next attempt if its next event is there; release it otherwise."""
    following = await tx.fetchrow(
        "SELECT event_id, type FROM inbox_waiting WHERE subject = $1 AND source = $2 AND sequence = $3",
        held.subject,
        held.source,
        held.sequence + 1,
    )
    if following is None:
        await tx.execute("DELETE FROM inbox_held WHERE subject = $1 AND source = $2", held.subject, held.source)
        return
    await tx.execute(
        """
        UPDATE inbox_held SET
            sequence = $3,
            event_id = $4,
            type = $5,
            code = 'failed',
            claimed_hash = NULL,
            reason = 'not tried yet: the event before it was skipped',
            attempts = 1,
            next_attempt_at = now(),
            held_since = now()
        WHERE subject = $1 AND source = $2
        """,
        held.subject,
        held.source,
        held.sequence + 1,
        following["event_id"],
        following["type"],
    )


def _target(held: Held) -> str:
    return f"{held.type} {held.event_id} ({held.source} {held.subject} {held.sequence}): {held.reason}"
