"""Bugs in how a service hears: acknowledgement, inbox, order, held streams, quarantine."""

from tests.faults.teeth.bug import Bug, Edit, bug

ARRIVALS = "shared/messaging/batcher.py"
CONSUMERS = "shared/messaging/handlers.py"
MESSENGER = "shared/messaging/messenger.py"
TAKING = "shared/messaging/inbox/inbox.py"
READING = "shared/messaging/inbox/parsing.py"
TOPOLOGY = "shared/messaging/topology.py"
STREAMS = "shared/messaging/inbox/streams.py"

BUGS = (
    bug(
        "acknowledged_before_the_commit",
        "A message is acknowledged before what it does is committed.",
        "kills_hearing",
        MESSENGER,
        "            outcome = await self._batcher.submit(taken)\n",
        "            await message.ack()\n            outcome = await self._batcher.submit(taken) and None\n",
    ),
    bug(
        "acknowledged_while_the_database_is_away",
        "Messages that could not be written because PostgreSQL was away are acknowledged all the same.",
        "database",
        ARRIVALS,
        '            log.warning("inbox.database_away", error=type(error).__name__, messages=len(batch))\n',
        "            early = [message for message, _ in batch]\n            taken = True\n",
    ),
    bug(
        "no_inbox",
        "An event that was applied before is applied again.",
        "order",
        TAKING,
        "if heard.sequence <= stream.applied:",
        "if heard.sequence < 0:",
    ),
    bug(
        "place_kept_after_the_commit",
        "How far a stream was applied is written in a transaction of its own, after that of the effect.",
        "kills_committed",
        TAKING,
        "            await self._move_on(tx, moved)\n        return locked if begun else []\n",
        "            tx.after_commit.append(lambda: asyncio.ensure_future(self._save_apart(moved)))\n"
        "        return locked if begun else []\n\n"
        "    async def _save_apart(self, moved):\n"
        "        async with self._database.transaction() as tx:\n"
        "            await self._move_on(tx, moved)\n",
    ),
    bug(
        "in_the_order_of_arrival",
        "An event is applied when it comes, whatever came before it.",
        "order",
        TAKING,
        "elif stream.held or heard.sequence > stream.applied + 1 or heard.sequence in stream.parked:",
        "elif stream.held:",
    ),
    bug(
        "what_comes_early_is_dropped",
        "An event that comes before its turn is acknowledged and forgotten.",
        "order",
        TAKING,
        "                await streams.park(tx, ParkedEvent.of(heard), needed=heard.sequence == stream.applied + 1)\n"
        "                stream.parked.add(heard.sequence)\n",
        "                pass\n",
    ),
    Bug(
        "what_waited_is_never_applied",
        "An event that waited for its predecessor is not applied when that one has come.",
        "order",
        (
            Edit(TAKING, "if stream.waiting and not stream.held and not begun:", "if False:"),
            Edit(TAKING, "            if stream.waiting and not stream.held:\n", "            if False:\n"),
            Edit(MESSENGER, "            (self.inbox.resume_stuck, LOOKS_EVERY),\n", ""),
        ),
    ),
    Bug(
        "what_waited_and_came_again_waits_for_ever",
        "An event that waited and comes once more with its predecessor stays among the waiting.",
        "order",
        (
            Edit(
                TAKING,
                "moved = await self._move_on(tx, moved)\n                    await self._drain",
                "moved = await streams.save(tx, moved) or []\n                    await self._drain",
            ),
            Edit(
                TAKING,
                "            await self._move_on(tx, moved)\n        return locked",
                "            await streams.save(tx, moved)\n        return locked",
            ),
        ),
    ),
    bug(
        "gaps_are_jumped",
        "When an event is missing, the next one that waits is applied in its place.",
        "order",
        STREAMS,
        "AND w.sequence = s.applied + 1\n        WHERE s.subject = $1 AND s.source = $2\n",
        "AND w.sequence > s.applied\n        WHERE s.subject = $1 AND s.source = $2\n"
        "        ORDER BY w.sequence LIMIT 1\n",
    ),
    bug(
        "failures_are_swallowed",
        "An event whose handler fails is logged and counts as applied.",
        "failing",
        TAKING,
        "            await held.hold("
        "tx, ParkedEvent.of(heard), held.reason(error), self._retry_policy, Code.of(error))\n"
        "            envelope = heard.envelope\n"
        '            known = {"event_id": envelope.id, "request_id": envelope.subject}\n'
        "            if Code.of(error) is Code.WAITS_FOR_ANOTHER:\n"
        '                log.info("event.waits_for_another", type=envelope.type, source=envelope.source, **known)\n'
        "            else:\n"
        '                log.warning("event.held", type=envelope.type, source=envelope.source, **known, '
        "exc_info=error)\n"
        "            return False\n",
        '            log.warning("event.failed", type=heard.envelope.type, source=heard.source, exc_info=error)\n',
    ),
    bug(
        "held_streams_are_never_tried_again",
        "A stream that is held stays so, until somebody acts.",
        "failing",
        MESSENGER,
        "            (self.inbox.retry_held, RETRIES_EVERY),\n",
        "",
    ),
    Bug(
        "released_although_it_failed_again",
        "A held stream is released after one more attempt, although that failed too, and nobody looks after.",
        "failing",
        (
            Edit(
                TAKING,
                "                if not went_on:\n                    return False\n",
                "                if not went_on:\n"
                "                    async with self._database.transaction() as tx:\n"
                "                        await held.release(tx, subject, source)\n"
                "                    return False\n",
            ),
            Edit(MESSENGER, "            (self.inbox.resume_stuck, LOOKS_EVERY),\n", ""),
        ),
    ),
    bug(
        "rubbish_blocks_the_queue",
        "A message that cannot be read is no case for quarantine: it makes its whole batch fail, again and again.",
        "order",
        READING,
        "            reading.aside.append((message, str(error)))\n            continue\n",
        "            raise\n",
    ),
    bug(
        "damage_is_not_looked_for",
        "The hash that a message carries is not compared with its body.",
        "damage",
        MESSENGER,
        "damaged = is_damaged(message.body, message.headers.get(DIGEST))",
        "damaged = False",
    ),
    bug(
        "transfers_wait_in_their_stream",
        "A fact that stands alone is put into a stream of which this instance hears nothing else.",
        "order",
        CONSUMERS,
        " or envelope.type in self.alone:",
        ":",
    ),
    bug(
        "deleted_queue_is_not_fed_again",
        "A queue that somebody deleted comes back without its bindings.",
        "queue_deleted",
        MESSENGER,
        "            (self.consumer.declare_again, DECLARES_EVERY),\n",
        "",
    ),
    Bug(
        "streams_are_not_locked",
        "Two who apply events of the same stream at the same time do not wait for each other, and nobody looks after.",
        "at_once",
        (
            Edit(
                STREAMS,
                "ON CONFLICT (subject, source) DO UPDATE SET changed_at = now()",
                "ON CONFLICT (subject, source) DO NOTHING",
            ),
            Edit(MESSENGER, "            (self.inbox.resume_stuck, LOOKS_EVERY),\n", ""),
        ),
    ),
    Bug(
        "deliveries_are_limited",
        "The queues have RabbitMQ's default delivery limit.",
        "delivered_often",
        (Edit(TOPOLOGY, '"x-delivery-limit": DELIVERY_LIMIT,', '"x-delivery-limit": 20,'),),
    ),
    bug(
        "deadlock_counts_as_failure",
        "An event whose batch PostgreSQL rolled back for another one's sake is held, as if it had failed.",
        "conflicts",
        TAKING,
        "if tx.connection.is_closed() or isinstance(error, _OF_THE_TRANSACTION):",
        "if tx.connection.is_closed() or isinstance(error, asyncpg.InsufficientResourcesError):",
    ),
    bug(
        "two_sources_of_one_request_beside_each_other",
        "Two batches apply events of one request from two sources at once, and lock its rows in different orders.",
        "conflicts",
        STREAMS,
        "pg_advisory_xact_lock(hashtextextended(k.request, 0))",
        "k.request",
    ),
    bug(
        "deadlocks_are_not_retried",
        "What PostgreSQL rolled back for another one's sake is not run again.",
        "conflicts",
        "shared/db.py",
        "            if commits and not resumable:\n",
        "            if True:\n",
    ),
    bug(
        "repeated_after_its_commit",
        "What met a deadlock is run again although it had committed a part.",
        "conflicts",
        "shared/db.py",
        "            if commits and not resumable:\n",
        "            if False:\n",
    ),
)
