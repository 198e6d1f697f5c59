"""How a service is made whole: it asks the source for what it misses, and the source sends it again from its journal.

Four messages, which are no facts: they have no sequence, are not recorded, and may be lost, for they are said again.
- `<service>.events_missing.v1`: this queue misses these events of this stream.
- `<service>.stream_heads.v1`: how far the streams go that changed lately; a lost *last* event is found by it.
- `<service>.alone_heads.v1`: which facts were told lately that other instances of the same service hear each by itself
  (a transfer by another département): each is a stream of one, `event:<id>`.
- `<service>.heads_wanted.v1`: tell me how far the streams go that changed since then; said at each start, and so by a
  service that joins late, lost its database, or was restored from an old backup.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from uuid import UUID

import structlog
from pydantic import AwareDatetime, BaseModel, ConfigDict

from shared import clock
from shared.db import Database, Reader, Transaction
from shared.messaging import metrics, topology
from shared.messaging.envelope import Envelope, Unreadable, read_data
from shared.messaging.relay import Relay

log = structlog.get_logger(__name__)

EVENTS_MISSING = "events_missing"
STREAM_HEADS = "stream_heads"
HEADS_WANTED = "heads_wanted"
ALONE_HEADS = topology.ALONE_HEADS
CONTROL = (EVENTS_MISSING, STREAM_HEADS, HEADS_WANTED, ALONE_HEADS)

SINGLE = "event:"
"""How the stream of a fact that stands alone is called: this and the fact's id."""

MOST_EVENTS = 500
"""Events sent again for one request."""
MOST_REQUESTS = 50
"""Requests made in one round."""
MOST_HEADS = 500
"""Heads in one message."""


class _Said(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class EventsMissing(_Said):
    """`queue` misses the events `first` to `last` of a stream."""

    source: str
    subject: str
    first: int
    last: int
    queue: str


class StreamHeads(_Said):
    """How far streams of `source` go: (subject, sequence)."""

    source: str
    heads: tuple[tuple[str, int], ...]


class HeadsWanted(_Said):
    """Somebody wants the heads of all streams that changed since then."""

    since: AwareDatetime


class Patience(_Said):
    """Seconds: how long a gap may stay open before it is asked for, and the longest pause between two requests."""

    before_asking: float = 5.0
    longest: float = 300.0
    heads_every: float = 10.0
    heads_of_the_last: float = 600.0


def is_control(wire_type: str | None) -> bool:
    """Tell whether a message is said between services to heal, and is no fact."""
    parts = (wire_type or "").split(".")
    return len(parts) == 3 and parts[1] in CONTROL and parts[2] == "v1"  # noqa: PLR2004 - service, name, version


class Healer:
    """Asks for what this service misses, and answers what others ask."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        *,
        service: str,
        queue: str,
        alone: Iterable[str] = (),
        patience: Patience | None = None,
    ) -> None:
        self._database = database
        self._relay = relay
        self._service = service
        self._queue = queue
        self._alone = [wire_type for wire_type in alone if wire_type.startswith(f"{service}.")]
        self.patience = patience or Patience()

    async def hear(self, body: bytes) -> None:
        """Take what another service said; what cannot be read is left aside, for it will be said again."""
        try:
            envelope = Envelope.read(body)
            service, said, _version = envelope.type.split(".")
            ours = service == self._service
            if said == EVENTS_MISSING:
                await self._send_again(read_data(EventsMissing, envelope.data))
            elif said == (ALONE_HEADS if ours else STREAM_HEADS):
                await self._compare(read_data(StreamHeads, envelope.data), envelope.departement or "", ours=ours)
            elif said == HEADS_WANTED:
                since = read_data(HeadsWanted, envelope.data).since
                if not ours:
                    await self.tell_heads(since=since)
                await self.tell_alone(since=since)
        except Unreadable as error:
            log.warning("healing.unreadable", reason=str(error))

    async def want_heads(self) -> bool:
        """Ask everybody how far the streams go that changed since we last heard anything (less a day, for safety)."""
        heard = await self._database.fetchval("SELECT max(changed_at) FROM inbox_stream")
        since = heard - timedelta(days=1) if heard else datetime.fromisoformat("2000-01-01T00:00:00+00:00")
        return await self._say(HEADS_WANTED, HeadsWanted(since=since), "all")

    async def tell_heads(self, *, since: datetime) -> None:
        """Tell how far our streams go that changed since then, to the queues of their départements."""
        after = ("", "")
        while rows := await _heads(self._database, since, after):
            after = rows[-1]["source"], rows[-1]["subject"]
            for (source, departement), heads in groupby(
                sorted(rows, key=lambda row: (row["source"], row["departement"])),
                key=lambda row: (row["source"], row["departement"]),
            ):
                said = StreamHeads(source=source, heads=tuple((row["subject"], row["sequence"]) for row in heads))
                await self._say(STREAM_HEADS, said, departement)

    async def tell_recent_heads(self) -> None:
        """Tell how far the streams go that changed a moment ago."""
        since = clock.now() - timedelta(seconds=self.patience.heads_of_the_last)
        await self.tell_heads(since=since)
        await self.tell_alone(since=since)

    async def tell_alone(self, *, since: datetime) -> None:
        """Tell which facts of streams that changed since then other instances of our service hear alone."""
        if not self._alone:
            return
        rows = await _singles(self._database, self._alone, since)
        for (source, place), singles in groupby(rows, key=lambda row: (row["source"], row["place"])):
            heads = tuple((f"{SINGLE}{row['id']}", 1) for row in singles)
            for first in range(0, len(heads), MOST_HEADS):
                said = StreamHeads(source=source, heads=heads[first : first + MOST_HEADS])
                await self._say(ALONE_HEADS, said, place)

    async def ask(self) -> int:
        """Ask for what has been missing for a while, one request a gap; tell how many requests were made."""
        async with self._database.transaction() as tx:
            await _notice_gaps(tx, self.patience.before_asking)
            gaps = await _due(tx, self.patience)
        for gap in gaps:
            missing = EventsMissing(
                source=gap["source"], subject=gap["subject"], first=gap["first"], last=gap["last"], queue=self._queue
            )
            log.info("healing.asked", source=missing.source, request_id=missing.subject, first=missing.first)
            await self._say(EVENTS_MISSING, missing, gap["departement"] or "all")
        metrics.ASKED.inc(len(gaps))
        return len(gaps)

    async def _compare(self, told: StreamHeads, departement: str, *, ours: bool) -> None:
        """Note the streams of which we have applied less than there is; of our own service, single facts only."""
        if not told.source.startswith("/") or (told.source.split("/")[1] == self._service) is not ours:
            return
        async with self._database.transaction() as tx:
            await _expect(tx, told, departement, self.patience.before_asking)

    async def _send_again(self, missing: EventsMissing) -> None:
        async with self._database.transaction() as tx:
            count = await resend(
                tx,
                source=missing.source,
                subject=missing.subject,
                first=missing.first,
                last=missing.last,
                queue=missing.queue,
            )
        if count:
            metrics.RESENT.inc(count)
            log.info("healing.resent", source=missing.source, request_id=missing.subject, events=count)
            self._relay.wake()

    async def _say(self, what: str, said: _Said, departement: str) -> bool:
        event_id = str(clock.new_id())
        wire_type = f"{self._service}.{what}.v1"
        envelope: dict[str, Any] = {
            "specversion": "1.0",
            "id": event_id,
            "source": f"/{self._service}",
            "type": wire_type,
            "time": clock.now().isoformat(),
            "datacontenttype": "application/json",
            "departement": departement,
            "data": said.model_dump(mode="json"),
        }
        key = f"{self._service}.{what}.{departement or 'all'}"
        return await self._relay.say(json.dumps(envelope), key, event_id=event_id, wire_type=wire_type)


async def resend(tx: Transaction, *, source: str, subject: str, first: int, last: int, queue: str) -> int:
    """Put events of our journal into the outbox again, for one queue (or, with an empty name, for all who listen).

    At most `MOST_EVENTS`, the oldest first. Gives how many; a source that is not ours gives none.
    """
    tag = await tx.execute(
        """
        INSERT INTO outbox (position, queue)
        SELECT position, $5
        FROM journal
        WHERE source = $1 AND ((subject = $2 AND sequence BETWEEN $3 AND $4) OR id = $7)
        ORDER BY sequence
        LIMIT $6
        ON CONFLICT DO NOTHING
        """,
        source,
        subject,
        first,
        last,
        queue,
        MOST_EVENTS,
        _single(subject),
    )
    return int(tag.rsplit(" ", 1)[1])


def _single(subject: str) -> UUID | None:
    """Read which fact is meant where a fact that stands alone is asked for."""
    try:
        return UUID(subject.removeprefix(SINGLE)) if subject.startswith(SINGLE) else None
    except ValueError:
        return None


async def _singles(reader: Reader, types: list[str], since: datetime) -> list[Any]:
    """Read our facts that others hear alone, of the streams that changed since then, by source and place."""
    return await reader.fetch(
        """
        SELECT j.id, j.source, split_part(j.routing_key, '.', 3) AS place
        FROM stream s
        JOIN journal j ON j.source = s.source AND j.subject = s.subject
        WHERE s.changed_at >= $2 AND j.type = ANY ($1)
        ORDER BY j.source, place, j.position
        """,
        types,
        since,
    )


async def _heads(reader: Reader, since: datetime, after: tuple[str, str]) -> list[Any]:
    """Read the next page of our heads."""
    return await reader.fetch(
        """
        SELECT source, subject, sequence, departement
        FROM stream
        WHERE changed_at >= $1 AND (source, subject) > ($2, $3)
        ORDER BY source, subject
        LIMIT $4
        """,
        since,
        *after,
        MOST_HEADS,
    )


async def _expect(tx: Transaction, told: StreamHeads, departement: str, before_asking: float) -> None:
    """Note what a source says there is and we have not applied."""
    subjects: Iterable[str] = [subject for subject, _ in told.heads]
    await tx.execute(
        """
        INSERT INTO inbox_expected AS e (source, subject, sequence, departement, next_ask_at)
        SELECT $1, h.subject, h.sequence, $4, now() + make_interval(secs => $5)
        FROM unnest($2::text[], $3::bigint[]) AS h (subject, sequence)
        LEFT JOIN inbox_stream s ON s.source = $1 AND s.subject = h.subject
        WHERE h.sequence > coalesce(s.applied, 0)
        ON CONFLICT (subject, source) DO UPDATE SET sequence = greatest(e.sequence, EXCLUDED.sequence)
        """,
        told.source,
        list(subjects),
        [sequence for _, sequence in told.heads],
        departement,
        before_asking,
    )


async def _notice_gaps(tx: Transaction, before_asking: float) -> None:
    """Note the streams of which an event has waited for its turn too long, and forget those that are whole again."""
    await tx.execute(
        """
        DELETE FROM inbox_expected e
        USING inbox_stream s
        WHERE s.subject = e.subject AND s.source = e.source AND s.applied >= e.sequence
        """
    )
    await tx.execute(
        """
        INSERT INTO inbox_expected (source, subject, sequence, departement, next_ask_at)
        SELECT w.source, w.subject, max(w.sequence), max(w.departement), now()
        FROM inbox_waiting w
        JOIN inbox_stream s USING (subject, source)
        WHERE NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = w.subject AND h.source = w.source)
        GROUP BY w.source, w.subject, s.applied
        HAVING min(w.sequence) > s.applied + 1 AND min(w.received_at) < now() - make_interval(secs => $1)
        LIMIT 500
        ON CONFLICT DO NOTHING
        """,
        before_asking,
    )


async def _due(tx: Transaction, patience: Patience) -> list[Any]:
    """Take the gaps to ask for now, and put off the next request for each."""
    return await tx.fetch(
        """
        WITH due AS (
            SELECT e.subject, e.source
            FROM inbox_expected e
            WHERE e.next_ask_at <= now()
              AND NOT EXISTS (SELECT FROM inbox_held h WHERE h.subject = e.subject AND h.source = e.source)
            ORDER BY e.next_ask_at
            LIMIT $1
            FOR UPDATE SKIP LOCKED
        ), asked AS (
            UPDATE inbox_expected e SET
                asked = e.asked + 1,
                next_ask_at = now() + make_interval(
                    secs => least($2, $3 * power(2, least(e.asked, 30))) * (0.75 + random() / 2))
            FROM due
            WHERE e.subject = due.subject AND e.source = due.source
            RETURNING e.source, e.subject, e.sequence, e.departement
        )
        SELECT a.source, a.subject, a.departement, coalesce(s.applied, 0) + 1 AS first,
               coalesce((SELECT min(w.sequence) - 1 FROM inbox_waiting w
                         WHERE w.subject = a.subject AND w.source = a.source), a.sequence) AS last
        FROM asked a
        LEFT JOIN inbox_stream s ON s.subject = a.subject AND s.source = a.source
        """,
        MOST_REQUESTS,
        patience.longest,
        patience.before_asking,
    )
