"""Fork detection: a source publishes another history than the one applied, as after the restore of a backup.

The applied history is compared by number and hash with the next event, duplicates, parked events and stream heads. A
forked stream is held until an operator decides, and its source is asked whether it knows what was applied here.
"""

from functools import partial

import structlog

from shared.db import Row, Transaction
from shared.messaging import metrics
from shared.messaging.envelope import Envelope, Unreadable
from shared.messaging.handlers import ConsumedEvent
from shared.messaging.inbox import held, parking, quarantine, streams
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.parking import ParkedEvent
from shared.messaging.inbox.streams import Stream

log = structlog.get_logger(__name__)

MOST_REPORTED = 500
"""Forked streams that are reported to their sources in one run."""

REPORTED_EVERY = 60.0
"""Seconds after which a lasting fork is reported to its source again."""

SETTLED_AFTER = 30.0
"""Seconds without change after which a stream that is ahead of its source's head is checked.

A head that was read before the last events were recorded may arrive after them; the next head includes them.
"""


async def hold_on_event(tx: Transaction, stream: Stream, event: ConsumedEvent) -> None:
    """Hold the stream because this event contradicts the applied history."""
    await _hold_on_parked(tx, stream, ParkedEvent.of(event))


async def choose(tx: Transaction, stream: Stream) -> bool:
    """Choose the next event of a stream among several parked ones of its number; return whether one was chosen.

    The event whose predecessor is the last applied one stays, and the others are quarantined. Where none or several
    fit, the stream is held.
    """
    rivals = [
        parked
        for parked in await parking.parked_until(tx, stream.subject, stream.source, stream.applied + 1)
        if parked.sequence == stream.applied + 1
    ]
    fitting = [parked for parked in rivals if stream.continues(_previous(parked))]
    if len(fitting) != 1:
        await _hold_on_parked(tx, stream, rivals[0])
        return False
    for parked in rivals:
        if parked is not fitting[0]:
            await _put_aside(tx, parked, "forked: another event of its number fits the applied chain")
    return True


async def check_again(tx: Transaction, stream: Stream) -> bool:
    """Return whether parked events no longer contradict the applied ones; schedule a request to the source otherwise.

    The stream must have been locked with its digests from the first on.
    """
    sign = await tx.fetchrow(
        "SELECT sequence, claimed_hash FROM inbox_held WHERE subject = $1 AND source = $2 AND code = 'forked'",
        stream.subject,
        stream.source,
    )
    if sign is None:
        return True
    contradicted = _contradicts(stream, sign)
    for parked in await parking.parked_until(tx, stream.subject, stream.source, stream.applied):
        contradicted = contradicted or not stream.remembers(parked.sequence, parked.fingerprint)
    if not contradicted:
        following = await parking.next_parked(tx, stream.subject, stream.source)
        if following is None or (not following.rivals and stream.continues(_previous(following))):
            return True
        if following.rivals and await choose(tx, stream):
            return True
    await tx.execute(
        """
        UPDATE inbox_held SET asked_at = NULL, next_attempt_at = now() + make_interval(secs => $3)
        WHERE subject = $1 AND source = $2
        """,
        stream.subject,
        stream.source,
        held.FORKED_RETRIED_EVERY,
    )
    return False


def _contradicts(stream: Stream, sign: Row) -> bool:
    """Return whether the head that showed the fork still differs from ours."""
    if sign["claimed_hash"] is None:
        return False
    return bool(
        sign["sequence"] < stream.applied
        or (sign["sequence"] == stream.applied and stream.hash not in {None, sign["claimed_hash"]})
    )


async def compare(
    tx: Transaction, source: str, heads: list[tuple[str, int, bytes]], departement: str
) -> list[tuple[str, int, bytes]]:
    """Compare the heads (subject, sequence, chain hash) of a source with what was applied.

    A head of the same number and another hash holds its stream at once. A head below the applied number may be late:
    returns those streams (subject, applied, hash), so that the source can be asked whether it knows them.
    """
    rows = await tx.fetch(
        """
        SELECT s.subject, s.applied, s.hash, k.sequence, k.hash AS theirs
        FROM inbox_stream s
        JOIN unnest($2::text[], $3::bigint[], $4::bytea[]) AS k (subject, sequence, hash) ON s.subject = k.subject
        WHERE s.source = $1
          AND s.hash IS NOT NULL
          AND ((s.applied = k.sequence AND s.hash <> k.hash)
               OR (s.applied > k.sequence AND s.changed_at < now() - make_interval(secs => $5)))
          AND NOT EXISTS (SELECT FROM inbox_held h
                          WHERE h.subject = s.subject AND h.source = s.source AND h.code = 'forked')
        ORDER BY s.subject
        FOR UPDATE OF s
        """,
        source,
        [subject for subject, _, _ in heads],
        [sequence for _, sequence, _ in heads],
        [theirs for _, _, theirs in heads],
        SETTLED_AFTER,
    )
    doubtful = []
    for row in rows:
        if row["applied"] == row["sequence"]:
            await _hold_on_head(
                tx,
                source,
                row["subject"],
                departement,
                applied=row["applied"],
                ours=row["hash"],
                head=row["sequence"],
                theirs=row["theirs"],
            )
        else:
            doubtful.append((row["subject"], row["applied"], row["hash"]))
    return doubtful


async def _hold_on_head(
    tx: Transaction,
    source: str,
    subject: str,
    departement: str,
    *,
    applied: int,
    ours: bytes,
    head: int,
    theirs: bytes,
) -> None:
    """Hold a stream because the head of its source differs; `theirs` is empty where it is unknown."""
    sign = ParkedEvent(
        source=source,
        subject=subject,
        sequence=head,
        event_id=f"fork:{subject}",
        type=f"{source.split('/')[1]}.stream_heads.v1",
        body=b"",
        departement=departement,
    )
    await _hold(tx, sign, f"applied {applied} ({_short(ours)}), head {head} ({_short(theirs)})", claimed_hash=theirs)


async def apply_verdict(
    tx: Transaction,
    source: str,
    subject: str,
    sequence: int,
    applied_hash: bytes,
    *,
    known: bool,
    head: int,
    head_hash: bytes,
    departement: str,
) -> None:
    """Apply the answer `stream_checked`: whether the source knows the last event applied here, and its own head.

    An unknown event is a fork. A known one makes the contradicting events false: if an operator ordered the check,
    they are quarantined and the stream goes on.
    """
    (stream,) = await streams.lock(tx, [(subject, source)], lowest=[1])
    row = await tx.fetchrow(
        """
        SELECT s.applied, s.hash, h.code, h.sequence AS claimed, h.next_attempt_at
        FROM inbox_stream s
        LEFT JOIN inbox_held h ON h.subject = s.subject AND h.source = s.source
        WHERE s.subject = $1 AND s.source = $2
        FOR UPDATE OF s
        """,
        subject,
        source,
    )
    if row is None or (row["applied"], row["hash"]) != (sequence, applied_hash):
        return
    forked = row["code"] == held.Code.FORKED
    if not known and not forked:
        await _hold_on_head(
            tx, source, subject, departement, applied=sequence, ours=applied_hash, head=head, theirs=head_hash
        )
    elif not known:
        await tx.execute(
            "UPDATE inbox_held SET next_attempt_at = NULL WHERE subject = $1 AND source = $2", subject, source
        )
    elif forked and row["next_attempt_at"] is not None:
        for parked in await parking.parked_until(tx, subject, source, stream.applied + 1):
            if parked.sequence <= stream.applied or not stream.continues(_previous(parked)):
                await _put_aside(tx, parked, "forked: the source knows what was applied in its place")
        await held.release(tx, subject, source, forked=True)
        log.info("stream.fork_settled", source=source, request_id=subject)


async def due_reports(tx: Transaction) -> list[Row]:
    """Lease the forked streams that are due to be reported to their sources."""
    return await tx.fetch(
        """
        WITH due AS (
            SELECT subject, source FROM inbox_held
            WHERE code = 'forked' AND (asked_at IS NULL OR asked_at < now() - make_interval(secs => $1))
            ORDER BY asked_at NULLS FIRST
            LIMIT $2
            FOR UPDATE SKIP LOCKED
        )
        UPDATE inbox_held h SET asked_at = now()
        FROM due
        JOIN inbox_stream s ON s.subject = due.subject AND s.source = due.source
        WHERE h.subject = due.subject AND h.source = due.source
        RETURNING h.source, h.subject, h.departement, s.applied, s.hash
        """,
        REPORTED_EVERY,
        MOST_REPORTED,
    )


def _previous(parked: ParkedEvent) -> bytes | None:
    """Return the chain hash of the predecessor that an event states."""
    try:
        stated = Envelope.read(parked.body).previoushash
    except Unreadable:
        return None
    return bytes.fromhex(stated) if stated else None


async def _hold_on_parked(tx: Transaction, stream: Stream, parked: ParkedEvent) -> None:
    ours, theirs = _short(stream.hash), _short(_previous(parked))
    await _hold(tx, parked, f"applied {stream.applied} ({ours}), event {parked.sequence} after {theirs}")
    stream.held = True


def _short(chain_hash: bytes | None) -> str:
    return chain_hash.hex()[:16] if chain_hash else "unknown"


async def _hold(tx: Transaction, event: ParkedEvent, reason: str, *, claimed_hash: bytes | None = None) -> None:
    if await held.hold_forked(tx, event, reason, claimed_hash=claimed_hash):
        tx.after_commit.append(partial(_log_fork, event, reason))


def _log_fork(event: ParkedEvent, reason: str) -> None:
    metrics.FORKED.inc()
    log.error("stream.forked", source=event.source, request_id=event.subject, sequence=event.sequence, reason=reason)


async def _put_aside(tx: Transaction, parked: ParkedEvent, reason: str) -> None:
    service, fact, _ = parked.type.split(".")
    await quarantine.put_aside(tx, Message(parked.body, f"{service}.{fact}.{parked.departement}"), reason)
    await parking.delete_parked(tx, parked)
