"""The journal: records the events of a service, in the transaction that changes its state, for the relay to publish.

The hash of an event is `sha256(hash of its predecessor || body)`, and its body carries the hash of its predecessor
(`previoushash`, hexadecimal, absent in the first event of a stream): whoever has the body can compute the hash.
"""

import json
from datetime import datetime
from uuid import UUID

from shared.clock import new_id
from shared.contracts.fact import A_MOMENT, ALSO, Fact
from shared.db import Transaction
from shared.errors import TooLarge

LARGEST = 1 << 20
"""Bytes of an event, at most: a quarter of the broker's limit, above which it closes the channel."""


class EventTooLarge(TooLarge):
    """The event is larger than the broker accepts (HTTP 413)."""

    code = "event_too_large"
    title = "The event is too large to be published"
    sentence = (
        "Ce que vous envoyez est trop long pour être enregistré\u00a0: rien n’a été enregistré. "
        "Raccourcissez-le, puis recommencez."
    )


_RECORD = """
    WITH head AS (
        INSERT INTO stream AS s (source, subject, sequence, hash, departement, latest)
        VALUES ($2, $3, 1, sha256(convert_to('{"specversion":"1.0","sequence":1,' || $6, 'UTF8')), $7, $8)
        ON CONFLICT (source, subject) DO UPDATE SET
            sequence = s.sequence + 1,
            previous_hash = s.hash,
            hash = sha256(
                s.hash
                || convert_to(
                    '{"specversion":"1.0","sequence":' || (s.sequence + 1)::text
                    || ',"previoushash":"' || encode(s.hash, 'hex') || '",' || $6,
                    'UTF8')
            ),
            departement = EXCLUDED.departement,
            latest = greatest(s.latest, EXCLUDED.latest),
            changed_at = now()
        RETURNING sequence, hash, previous_hash
    ), entry AS (
        INSERT INTO journal (id, source, subject, sequence, type, routing_key, body, hash)
        SELECT $1, $2, $3, head.sequence, $4, $5,
               '{"specversion":"1.0","sequence":' || head.sequence::text
               || coalesce(',"previoushash":"' || encode(head.previous_hash, 'hex') || '"', '') || ',' || $6,
               head.hash
        FROM head
        RETURNING position, sequence
    ), waiting AS (
        INSERT INTO outbox (position) SELECT position FROM entry
    )
    SELECT sequence FROM entry
"""


async def in_time(tx: Transaction, source: str, request_id: UUID, at: datetime) -> datetime:
    """Return the moment of what is done now: after everything known of its request, also where our clock was put back.

    Listeners compare moments between streams, and people read them in order: a clock that is hours behind, here or
    where an earlier event comes from, would make what answers stand before what it answers. A use case asks once, when
    it has locked what it changes, so that its rows and its event bear the same moment.
    """
    latest = await tx.fetchval(
        """
        SELECT greatest(
            (SELECT latest FROM stream WHERE source = $1 AND subject = $2),
            (SELECT max(latest) FROM inbox_stream WHERE subject = $2)
        )
        """,
        source,
        str(request_id),
    )
    return at if latest is None or latest < at else latest + A_MOMENT


def applied_event(tx: Transaction) -> UUID:
    """Return the id of the event that this transaction applies; raises `LookupError` where it applies none."""
    if tx.cause is None or tx.cause.causation_id is None:
        raise LookupError("no event is being applied")
    return UUID(tx.cause.causation_id)


async def lock_stream(tx: Transaction, source: str, request_id: UUID) -> None:
    """Let one transaction at a time ask for the moment of what it records here (`in_time`), also of a first event.

    Only where no row is locked that every event of the stream changes; by request id, where there are several.
    """
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"{source} {request_id}")


def _data(fact: Fact) -> str:
    """Return the data of an event as JSON, with its older version for consumers that do not know this one."""
    data, older = fact.model_dump_json(), fact.older()
    if older is None:
        return data
    also = f'{{"type": "{older.wire_type}", "data": {_data(older)}}}'
    return f'{data[:-1]}, "{ALSO}": {also}}}'


async def record(tx: Transaction, fact: Fact) -> UUID:
    """Record an event as the next of its stream, to be published after the commit; return its id.

    One statement. The stream's row is locked until commit, so that the order of a stream is the order of its commits.
    Raises `EventTooLarge` above `LARGEST`, and `ValueError` while the database is replayed: a handler checks
    `tx.replaying` before.
    """
    if tx.replaying:
        raise ValueError("a database that is replayed from the journals records no event")
    event_id = new_id()
    cause = tx.cause
    members: dict[str, object] = {
        "id": str(event_id),
        "source": fact.source,
        "type": fact.wire_type,
        "subject": fact.subject,
        "time": fact.at.isoformat(),
        "datacontenttype": "application/json",
        "departement": fact.departement,
        "correlationid": cause.correlation_id if cause else str(event_id),
    }
    if cause and cause.causation_id:
        members["causationid"] = cause.causation_id
    if cause and cause.traceparent:
        members["traceparent"] = cause.traceparent
    head = json.dumps(members, ensure_ascii=False)
    rest = f'{head[1:-1]}, "data": {_data(fact)}}}'
    if len(rest.encode()) > LARGEST:
        raise EventTooLarge
    await tx.execute(
        _RECORD, event_id, fact.source, fact.subject, fact.wire_type, fact.routing_key, rest, fact.departement, fact.at
    )
    tx.recorded.append(event_id)
    return event_id


async def move_stream(tx: Transaction, source: str, request_id: UUID, departement: str) -> None:
    """Publish the head of one of our streams to another département from now on.

    Its last events went to the département that had the request before. The new one receives the head, notices the gap
    and requests the events (ADR 8). The next event would have the same effect, but there may be none.
    """
    await tx.execute(
        """
        UPDATE stream SET departement = $3, changed_at = now()
        WHERE source = $1 AND subject = $2 AND departement <> $3
        """,
        source,
        str(request_id),
        departement,
    )
