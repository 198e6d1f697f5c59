"""Fork detection: a source publishes another history than the one applied, as after the restore of a backup.

What is applied is compared by number and hash with the next event, with events that come again, with parked events and
with stream heads. A forked stream is held until an operator decides, and its source is told what was applied here.
"""

from functools import partial

import structlog

from shared.db import Row, Transaction
from shared.messaging import metrics
from shared.messaging.envelope import Envelope, Unreadable
from shared.messaging.handlers import ConsumedEvent
from shared.messaging.inbox import held, quarantine, streams
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.streams import ParkedEvent, Stream

log = structlog.get_logger(__name__)

MOST_REPORTED = 500
"""Forked streams that the sources are told of in one round."""

REPORTED_EVERY = 60.0
"""Seconds after which a source is told again of a fork that lasts."""

SETTLED_AFTER = 30.0
"""Seconds without change after which a stream that is ahead of its source's head is looked into.

A head that was read before the last events were recorded may come after them; the next one, soon after, knows them.
"""


async def hold_on_event(tx: Transaction, stream: Stream, heard: ConsumedEvent) -> None:
    """Hold the stream because this event does not belong to the history that was applied."""
    await _hold_on_parked(tx, stream, ParkedEvent.of(heard))


async def choose(tx: Transaction, stream: Stream) -> bool:
    """Leave one parked event as the next of its stream, where several have its number; hold the stream otherwise.

    The one whose predecessor is the last applied event is true, and the others go to quarantine. Where none fits, or
    several do, nobody here can know.
    """
    rivals = [
        kept
        for kept in await streams.parked_until(tx, stream.subject, stream.source, stream.applied + 1)
        if kept.sequence == stream.applied + 1
    ]
    fitting = [kept for kept in rivals if stream.continues(_previous(kept))]
    if len(fitting) != 1:
        await _hold_on_parked(tx, stream, rivals[0])
        return False
    for kept in rivals:
        if kept is not fitting[0]:
            await _put_aside(tx, kept, "forked: another event of its number fits the applied chain")
    return True


async def check_again(tx: Transaction, stream: Stream) -> bool:
    """Tell whether what is parked contradicts nothing that was applied any more; ask the source where it still does.

    The stream's digests must have been read from the first on.
    """
    sign = await tx.fetchrow(
        "SELECT sequence, claimed_hash FROM inbox_held WHERE subject = $1 AND source = $2 AND code = 'forked'",
        stream.subject,
        stream.source,
    )
    if sign is None:
        return True
    contradicted = _contradicts(stream, sign)
    for kept in await streams.parked_until(tx, stream.subject, stream.source, stream.applied):
        contradicted = contradicted or not stream.remembers(kept.sequence, kept.fingerprint)
    if not contradicted:
        following = await streams.next_parked(tx, stream.subject, stream.source)
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
    """Tell whether the head that showed the fork is still another one than ours."""
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

    A head of the same number and another hash holds its stream at once. A head below what was applied may be late:
    gives those streams (subject, applied, hash), so that the source can be asked whether it knows what was applied.
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
    """Hold a stream because its source's head is not what was applied; `theirs` is empty where it is not known."""
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
    """Apply `stream_checked`: whether the source knows the last event applied here, and where its stream ends.

    An unknown event is a fork. A known one makes the contradicting events false: where an operator has had the stream
    checked again, they go to quarantine and the stream goes on.
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
        for kept in await streams.parked_until(tx, subject, source, stream.applied + 1):
            if kept.sequence <= stream.applied or not stream.continues(_previous(kept)):
                await _put_aside(tx, kept, "forked: the source knows what was applied in its place")
        await held.release(tx, subject, source, forked=True)
        log.info("stream.fork_settled", source=source, request_id=subject)


async def due_reports(tx: Transaction) -> list[Row]:
    """Take the forked streams of which their sources are to be told now."""
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


def _previous(kept: ParkedEvent) -> bytes | None:
    """Give the chain hash of an event's predecessor, where it says it."""
    try:
        stated = Envelope.read(kept.body).previoushash
    except Unreadable:
        return None
    return bytes.fromhex(stated) if stated else None


async def _hold_on_parked(tx: Transaction, stream: Stream, kept: ParkedEvent) -> None:
    ours, theirs = _short(stream.hash), _short(_previous(kept))
    await _hold(tx, kept, f"applied {stream.applied} ({ours}), event {kept.sequence} after {theirs}")
    stream.held = True


def _short(chain_hash: bytes | None) -> str:
    return chain_hash.hex()[:16] if chain_hash else "unknown"


async def _hold(tx: Transaction, event: ParkedEvent, reason: str, *, claimed_hash: bytes | None = None) -> None:
    if await held.hold_forked(tx, event, reason, claimed_hash=claimed_hash):
        tx.after_commit.append(partial(_say, event, reason))


def _say(event: ParkedEvent, reason: str) -> None:
    metrics.FORKED.inc()
    log.error("stream.forked", source=event.source, request_id=event.subject, sequence=event.sequence, reason=reason)


async def _put_aside(tx: Transaction, kept: ParkedEvent, reason: str) -> None:
    service, fact, _ = kept.type.split(".")
    await quarantine.put_aside(tx, Message(kept.body, f"{service}.{fact}.{kept.departement}"), reason)
    await streams.delete_parked(tx, kept)
