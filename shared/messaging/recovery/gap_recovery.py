"""The gap recovery of a service: requests missing events, publishes heads, and answers requests of others."""

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
"""Requests of one queue: one that catches up sends 500 in two seconds; forks are reported by département."""

EVER = datetime(2000, 1, 1, tzinfo=UTC)


class GapRecovery:
    """Requests the events that this service misses, and answers the requests of others."""

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
        """Handle a control message; one that is invalid or above the limits is dropped, and will be sent again.

        Without a sender it is not checked. A forged one is quarantined.
        """
        if len(body) > MOST_BYTES:
            metrics.CONTROL_REFUSED.labels("size").inc()
            log.warning("recovery.too_large", bytes=len(body))
            return
        try:
            envelope = Envelope.read(body)
            if sender is None or await self._is_authentic(envelope, body, sender):
                await self._dispatch(envelope)
        except Unreadable as error:
            metrics.CONTROL_REFUSED.labels("unreadable").inc()
            log.warning("recovery.unreadable", reason=str(error))

    async def _is_authentic(self, envelope: Envelope, body: bytes, sender: Sender) -> bool:
        """Return whether a control message is authentic; a forged one is quarantined."""
        try:
            self._authenticity.check_control(envelope, sender)
        except Forged as forged:
            metrics.CONTROL_REFUSED.labels("forged").inc()
            async with self._database.transaction() as tx:
                await quarantine.put_aside(tx, Message(body, sender.routing_key, sender=sender), str(forged))
            return False
        return True

    async def _dispatch(self, envelope: Envelope) -> None:
        service, kind, _version = envelope.type.split(".")
        ours = service == self._service
        if kind == EVENTS_MISSING:
            missing = read_data(EventsMissing, envelope.data)
            if self._may_ask(kind, service, missing.queue):
                await self._resend(missing)
        elif kind == HEADS_WANTED:
            wanted = read_data(HeadsWanted, envelope.data)
            if self._may_ask(kind, service, wanted.queue or service):
                await self.publish_heads(since=wanted.since, ours=ours)
        elif kind == STREAM_FORKED:
            report = read_data(StreamForked, envelope.data)
            if self._may_ask(kind, service, report.queue):
                await self._check_streams(report, envelope.departement or "")
        elif kind == (ALONE_HEADS if ours else STREAM_HEADS):
            await self._compare(read_data(StreamHeads, envelope.data), envelope.departement or "", ours=ours)
        elif kind == STREAM_CHECKED and not ours:
            await self._apply_verdicts(read_data(StreamChecked, envelope.data), envelope.departement or "", service)

    def _may_ask(self, what: str, service: str, queue: str) -> bool:
        """Return whether a service may request this now for this queue, which must be one of its own."""
        if queue != service and not queue.startswith(f"{service}."):
            metrics.CONTROL_REFUSED.labels("queue").inc()
            log.warning("recovery.queue_of_another", service=service, queue=queue)
            return False
        if not self._limiters[what].allows(queue):
            metrics.CONTROL_REFUSED.labels("rate").inc()
            log.warning("recovery.asked_too_often", what=what, queue=queue)
            return False
        return True

    async def request_heads(self) -> bool:
        """Request the heads of streams that changed since we last applied an event (less a day, for safety)."""
        last = await self._database.fetchval("SELECT max(changed_at) FROM inbox_stream")
        since = last - timedelta(days=1) if last else EVER
        return await self._publish(HEADS_WANTED, HeadsWanted(since=since, queue=self._queue), "all")

    async def publish_heads(self, *, since: datetime, ours: bool = False) -> None:
        """Publish the heads of our streams that changed since then, by département.

        For another instance of our own service (`ours`) only the heads of events outside streams.
        """
        if ours and not self._alone:
            return
        after = FIRST
        while rows := await stream_heads.page(self._database, since, after):
            after = place_of(rows[-1])
            await self._publish_rows(rows, ours=ours)

    async def publish_recent_heads(self) -> None:
        """Publish the heads of recently changed streams, and each time one more page of all heads.

        So every lost event is found in the end, without a request.
        """
        await self.publish_heads(since=await stream_heads.moments_ago(self._database, self.policy.heads_of_the_last))
        rows = await stream_heads.page(self._database, EVER, self._published_to)
        self._published_to = place_of(rows[-1]) if len(rows) == MOST_HEADS else FIRST
        await self._publish_rows(rows)

    async def _publish_rows(self, rows: list[Row], *, ours: bool = False) -> None:
        """Publish the heads of these streams, and of their events outside streams for our other instances."""

        def place(row: Row) -> tuple[str, str]:
            return row["source"], row["departement"]

        for (source, departement), group in groupby([] if ours else sorted(rows, key=place), key=place):
            known = list(group)
            message = StreamHeads(
                source=source,
                heads=tuple((row["subject"], row["sequence"]) for row in known),
                hashes=tuple(row["hash"] for row in known),
            )
            await self._publish(STREAM_HEADS, message, departement)
        if not self._alone:
            return
        alone = await stream_heads.singles(self._database, self._alone, rows)
        for (source, departement), group in groupby(alone, key=lambda row: (row["source"], row["place"])):
            singles = [(f"{SINGLE}{row['id']}", 1) for row in group]
            for start in range(0, len(singles), MOST_HEADS):
                message = StreamHeads(source=source, heads=tuple(singles[start : start + MOST_HEADS]))
                await self._publish(ALONE_HEADS, message, departement)

    async def request_missing(self) -> int:
        """Request events that have been missing for a while, once per stream for all its gaps; return the requests."""
        async with self._database.transaction() as tx:
            await gaps.notice(tx, self.policy.before_asking)
            due = await gaps.take_due(tx, self.policy)
        for gap in due:
            missing = EventsMissing(
                source=gap["source"], subject=gap["subject"], first=gap["first"], last=gap["last"], queue=self._queue
            )
            log.info("recovery.asked", source=missing.source, request_id=missing.subject, first=missing.first)
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
        """Delete forks of our streams that no consumer reports any more."""
        await disputed_streams.forget_settled(self._database)

    async def _ask_whether_known(self, source: str, departement: str, applied: list[tuple[str, int, str]]) -> None:
        """Ask a source whether its journal has the last events (subject, sequence, chain hash) applied here.

        The answer has the routing key of the département, which leads to this queue as the events did.
        """
        for start in range(0, len(applied), MOST_HEADS):
            some = tuple(applied[start : start + MOST_HEADS])
            await self._publish(
                STREAM_FORKED, StreamForked(source=source, queue=self._queue, streams=some), departement
            )

    async def _check_streams(self, report: StreamForked, departement: str) -> None:
        """Answer a consumer whether our journal has what it applied."""
        if report.source.split("/")[1:2] != [self._service]:
            return
        async with self._database.transaction() as tx:
            rows = await disputed_streams.check(tx, report)
        if not rows:
            return
        if unknown := sum(not row["known"] for row in rows):
            log.error("recovery.streams_disputed", listener=report.queue, source=report.source, streams=unknown)
        streams = tuple((row["subject"], row["sequence"], row["hash"], row["known"]) for row in rows)
        our_heads = tuple((row["head"], row["head_hash"]) for row in rows)
        checked = StreamChecked(source=report.source, queue=report.queue, streams=streams, heads=our_heads)
        await self._publish(STREAM_CHECKED, checked, departement)

    async def _apply_verdicts(self, checked: StreamChecked, departement: str, service: str) -> None:
        """Hold streams whose source does not know what was applied here, and settle those where it does."""
        if checked.queue != self._queue or checked.source.split("/")[1:2] != [service]:
            return
        for (subject, sequence, chain_hash, known), (head, head_hash) in zip(
            checked.streams, checked.heads, strict=False
        ):
            async with self._database.transaction() as tx:
                await forks.apply_verdict(
                    tx,
                    checked.source,
                    subject,
                    sequence,
                    bytes.fromhex(chain_hash),
                    known=known,
                    head=head,
                    head_hash=bytes.fromhex(head_hash),
                    departement=departement,
                )

    async def _compare(self, message: StreamHeads, departement: str, *, ours: bool) -> None:
        """Note streams whose head is beyond what we have applied; of our own service only events outside streams."""
        if not message.source.startswith("/") or (message.source.split("/")[1] == self._service) is not ours:
            return
        async with self._database.transaction() as tx:
            await gaps.expect(tx, message, departement, self.policy.before_asking)
        if len(message.hashes) == len(message.heads) and not ours:
            stated = [
                (subject, sequence, bytes.fromhex(chain_hash))
                for (subject, sequence), chain_hash in zip(message.heads, message.hashes, strict=True)
                if chain_hash
            ]
            async with self._database.transaction() as tx:
                doubtful = await forks.compare(tx, message.source, stated, departement)
            applied = [(subject, sequence, chain_hash.hex()) for subject, sequence, chain_hash in doubtful]
            await self._ask_whether_known(message.source, departement, applied)

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
            log.info("recovery.resent", source=missing.source, request_id=missing.subject, events=count)
            self._relay.wake()

    async def _publish(self, what: str, message: ControlMessage, departement: str) -> bool:
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
            "data": message.model_dump(mode="json"),
        }
        key = f"{self._service}.{what}.{departement or 'all'}"
        return await self._relay.publish_control(json.dumps(envelope), key, event_id=event_id, wire_type=wire_type)
