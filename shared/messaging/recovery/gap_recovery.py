"""What a service says to be made whole, and what it answers."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import structlog

from shared import clock
from shared.db import Database, Row
from shared.messaging import metrics
from shared.messaging.accounts import Origins
from shared.messaging.authenticity import Authenticity, Forged, Sender
from shared.messaging.control_messages import (
    ALONE_HEADS,
    EVENTS_MISSING,
    HEADS_WANTED,
    MOST_BYTES,
    STREAM_CHECKED,
    STREAM_FORKED,
    STREAM_HEADS,
    ControlMessage,
    EventsMissing,
    HeadsWanted,
    StreamChecked,
    StreamForked,
    StreamHeads,
)
from shared.messaging.envelope import Envelope, Unreadable, read_data
from shared.messaging.handlers import SINGLE
from shared.messaging.inbox import forks, quarantine
from shared.messaging.inbox.message import Message
from shared.messaging.recovery import disputed_streams, gaps, stream_heads
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.messaging.recovery.rate_limits import Rate, RateLimiter
from shared.messaging.recovery.resend import resend
from shared.messaging.recovery.stream_heads import FIRST, MOST_HEADS, place_of
from shared.messaging.relay import Relay

log = structlog.get_logger(__name__)

LIMITS = {EVENTS_MISSING: Rate(1_000, 500), HEADS_WANTED: Rate(20, 0.2), STREAM_FORKED: Rate(200, 5)}
"""How often one asker may ask: one that catches up asks 500 times in two seconds; doubts are asked by département."""

EVER = datetime(2000, 1, 1, tzinfo=UTC)


class GapRecovery:
    """Asks for what this service misses, and answers what others ask."""

    def __init__(
        self,
        database: Database,
        relay: Relay,
        *,
        service: str,
        queue: str,
        alone: Iterable[str] = (),
        policy: RecoveryPolicy | None = None,
        authenticity: Authenticity | None = None,
    ) -> None:
        self._authenticity = authenticity or Authenticity(Origins(), queue)
        self._database = database
        self._relay = relay
        self._service = service
        self._queue = queue
        self._alone = [wire_type for wire_type in alone if wire_type.startswith(f"{service}.")]
        self._published_to = FIRST
        self._limiters = {what: RateLimiter(rate) for what, rate in LIMITS.items()}
        self.policy = policy or RecoveryPolicy()

    async def handle(self, body: bytes, sender: Sender | None = None) -> None:
        """Handle a control message; drop what is invalid or above the limits: it will be sent again.

        Without a sender it is believed. A forged one goes to quarantine.
        """
        if len(body) > MOST_BYTES:
            metrics.CONTROL_REFUSED.labels("size").inc()
            log.warning("healing.too_large", bytes=len(body))
            return
        try:
            envelope = Envelope.read(body)
            if sender is None or await self._is_authentic(envelope, body, sender):
                await self._dispatch(envelope)
        except Unreadable as error:
            metrics.CONTROL_REFUSED.labels("unreadable").inc()
            log.warning("healing.unreadable", reason=str(error))

    async def _is_authentic(self, envelope: Envelope, body: bytes, sender: Sender) -> bool:
        """Tell whether a control message is from whom it says; a forged one goes to quarantine."""
        try:
            self._authenticity.check_control(envelope, sender)
        except Forged as forged:
            metrics.CONTROL_REFUSED.labels("forged").inc()
            async with self._database.transaction() as tx:
                await quarantine.put_aside(tx, Message(body, sender.routing_key, sender=sender), str(forged))
            return False
        return True

    async def _dispatch(self, envelope: Envelope) -> None:
        service, said, _version = envelope.type.split(".")
        ours = service == self._service
        if said == EVENTS_MISSING:
            missing = read_data(EventsMissing, envelope.data)
            if self._may_ask(said, service, missing.queue):
                await self._resend(missing)
        elif said == HEADS_WANTED:
            wanted = read_data(HeadsWanted, envelope.data)
            if self._may_ask(said, service, wanted.queue or service):
                await self.publish_heads(since=wanted.since, ours=ours)
        elif said == STREAM_FORKED:
            report = read_data(StreamForked, envelope.data)
            if self._may_ask(said, service, report.queue):
                await self._check_streams(report, envelope.departement or "")
        elif said == (ALONE_HEADS if ours else STREAM_HEADS):
            await self._compare(read_data(StreamHeads, envelope.data), envelope.departement or "", ours=ours)
        elif said == STREAM_CHECKED and not ours:
            await self._apply_verdicts(read_data(StreamChecked, envelope.data), envelope.departement or "", service)

    def _may_ask(self, what: str, service: str, queue: str) -> bool:
        """Tell whether a service may ask for this now, for this queue, which must be one of its own."""
        if queue != service and not queue.startswith(f"{service}."):
            metrics.CONTROL_REFUSED.labels("queue").inc()
            log.warning("healing.queue_of_another", service=service, queue=queue)
            return False
        if not self._limiters[what].allows(queue):
            metrics.CONTROL_REFUSED.labels("rate").inc()
            log.warning("healing.asked_too_often", what=what, queue=queue)
            return False
        return True

    async def request_heads(self) -> bool:
        """Ask everybody how far the streams go that changed since we last heard anything (less a day, for safety)."""
        heard = await self._database.fetchval("SELECT max(changed_at) FROM inbox_stream")
        since = heard - timedelta(days=1) if heard else EVER
        return await self._publish(HEADS_WANTED, HeadsWanted(since=since, queue=self._queue), "all")

    async def publish_heads(self, *, since: datetime, ours: bool = False) -> None:
        """Tell how far our streams go that changed since then, to the queues of their départements.

        To another instance of our own service only the facts that it hears alone.
        """
        if ours and not self._alone:
            return
        after = FIRST
        while rows := await stream_heads.page(self._database, since, after):
            after = place_of(rows[-1])
            await self._publish_rows(rows, ours=ours)

    async def publish_recent_heads(self) -> None:
        """Tell how far the streams go that changed a moment ago, and each time a page more of all there are.

        So whatever was lost is found in the end, whenever that was, and whether or not anybody asked.
        """
        await self.publish_heads(since=await stream_heads.moments_ago(self._database, self.policy.heads_of_the_last))
        rows = await stream_heads.page(self._database, EVER, self._published_to)
        self._published_to = place_of(rows[-1]) if len(rows) == MOST_HEADS else FIRST
        await self._publish_rows(rows)

    async def _publish_rows(self, rows: list[Row], *, ours: bool = False) -> None:
        """Tell the heads of these streams, and which of their facts other instances of our service hear alone."""

        def place(row: Row) -> tuple[str, str]:
            return row["source"], row["departement"]

        for (source, departement), group in groupby([] if ours else sorted(rows, key=place), key=place):
            known = list(group)
            said = StreamHeads(
                source=source,
                heads=tuple((row["subject"], row["sequence"]) for row in known),
                hashes=tuple(row["hash"] for row in known),
            )
            await self._publish(STREAM_HEADS, said, departement)
        if not self._alone:
            return
        alone = await stream_heads.singles(self._database, self._alone, rows)
        for (source, departement), group in groupby(alone, key=lambda row: (row["source"], row["place"])):
            singles = [(f"{SINGLE}{row['id']}", 1) for row in group]
            for start in range(0, len(singles), MOST_HEADS):
                said = StreamHeads(source=source, heads=tuple(singles[start : start + MOST_HEADS]))
                await self._publish(ALONE_HEADS, said, departement)

    async def request_missing(self) -> int:
        """Ask for what has been missing for a while, once a stream for all its gaps; tell how often it was asked."""
        async with self._database.transaction() as tx:
            await gaps.notice(tx, self.policy.before_asking)
            due = await gaps.take_due(tx, self.policy)
        for gap in due:
            missing = EventsMissing(
                source=gap["source"], subject=gap["subject"], first=gap["first"], last=gap["last"], queue=self._queue
            )
            log.info("healing.asked", source=missing.source, request_id=missing.subject, first=missing.first)
            await self._publish(EVENTS_MISSING, missing, gap["departement"] or "all")
        metrics.ASKED.inc(len(due))
        return len(due)

    async def report_forks(self) -> int:
        """Report forked streams to their sources, with what was applied; return how many."""
        async with self._database.transaction() as tx:
            due = await forks.due_reports(tx)

        def place(row: Row) -> tuple[str, str]:
            return row["source"], row["departement"]

        for (source, departement), group in groupby(sorted(due, key=place), key=place):
            applied = [(row["subject"], row["applied"], row["hash"].hex()) for row in group if row["hash"]]
            await self._ask_whether_known(source, departement, applied)
        return len(due)

    async def forget_settled_forks(self) -> None:
        """Forget forks of our streams that no listener reports any more."""
        await disputed_streams.forget_settled(self._database)

    async def _ask_whether_known(self, source: str, departement: str, applied: list[tuple[str, int, str]]) -> None:
        """Ask a source whether its journal has the last events (subject, sequence, chain hash) applied here.

        The answer comes by the département's routing key, which leads to this queue: what it is about did too.
        """
        for start in range(0, len(applied), MOST_HEADS):
            some = tuple(applied[start : start + MOST_HEADS])
            await self._publish(
                STREAM_FORKED, StreamForked(source=source, queue=self._queue, streams=some), departement
            )

    async def _check_streams(self, said: StreamForked, departement: str) -> None:
        """Answer a listener whether our journal has what it applied."""
        if said.source.split("/")[1:2] != [self._service]:
            return
        async with self._database.transaction() as tx:
            rows = await disputed_streams.check(tx, said)
        if not rows:
            return
        if unknown := sum(not row["known"] for row in rows):
            log.error("healing.streams_disputed", listener=said.queue, source=said.source, streams=unknown)
        streams = tuple((row["subject"], row["sequence"], row["hash"], row["known"]) for row in rows)
        our_heads = tuple((row["head"], row["head_hash"]) for row in rows)
        checked = StreamChecked(source=said.source, queue=said.queue, streams=streams, heads=our_heads)
        await self._publish(STREAM_CHECKED, checked, departement)

    async def _apply_verdicts(self, said: StreamChecked, departement: str, service: str) -> None:
        """Hold streams of which the source does not know what was applied here, and settle those where it does."""
        if said.queue != self._queue or said.source.split("/")[1:2] != [service]:
            return
        for (subject, sequence, chain_hash, known), (head, head_hash) in zip(said.streams, said.heads, strict=False):
            async with self._database.transaction() as tx:
                await forks.apply_verdict(
                    tx,
                    said.source,
                    subject,
                    sequence,
                    bytes.fromhex(chain_hash),
                    known=known,
                    head=head,
                    head_hash=bytes.fromhex(head_hash),
                    departement=departement,
                )

    async def _compare(self, told: StreamHeads, departement: str, *, ours: bool) -> None:
        """Note the streams of which we have applied less than there is; of our own service, single facts only."""
        if not told.source.startswith("/") or (told.source.split("/")[1] == self._service) is not ours:
            return
        async with self._database.transaction() as tx:
            await gaps.expect(tx, told, departement, self.policy.before_asking)
        if len(told.hashes) == len(told.heads) and not ours:
            heads_told = [
                (subject, sequence, bytes.fromhex(chain_hash))
                for (subject, sequence), chain_hash in zip(told.heads, told.hashes, strict=True)
                if chain_hash
            ]
            async with self._database.transaction() as tx:
                doubtful = await forks.compare(tx, told.source, heads_told, departement)
            applied = [(subject, sequence, chain_hash.hex()) for subject, sequence, chain_hash in doubtful]
            await self._ask_whether_known(told.source, departement, applied)

    async def _resend(self, missing: EventsMissing) -> None:
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

    async def _publish(self, what: str, said: ControlMessage, departement: str) -> bool:
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
        return await self._relay.publish_control(json.dumps(envelope), key, event_id=event_id, wire_type=wire_type)
