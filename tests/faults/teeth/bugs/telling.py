"""Bugs in how a service tells: the transaction, the journal and the relay."""

from tests.faults.teeth.bug import Bug, Edit, bug

JOURNAL = "shared/messaging/journal.py"
RELAY = "shared/messaging/relay.py"
REACH = "shared/messaging/outbox_watermark.py"
PUBLISHER = "shared/messaging/publisher.py"
ROUNDS = "shared/rounds.py"

BUGS = (
    bug(
        "journal_outside_the_transaction",
        "The event is written by another connection: it stays when the change that it tells is rolled back.",
        "kills_recording",
        JOURNAL,
        "    await tx.execute(\n        _RECORD,",
        "    await tx.connection._holder._pool.execute(\n        _RECORD,",
    ),
    Bug(
        "recorded_after_the_commit",
        "The event is written in a transaction of its own, once the change is committed.",
        "kills_committed",
        (
            Edit(JOURNAL, "import json\n", "import asyncio\nimport json\n"),
            Edit(
                JOURNAL,
                "    await tx.execute(\n        _RECORD,",
                "    pool = tx.connection._holder._pool\n"
                "    later = tx.after_commit.append\n"
                "    told = lambda *given: later(lambda: asyncio.ensure_future(pool.execute(*given)))\n"
                "    told(\n        _RECORD,",
            ),
        ),
    ),
    bug(
        "outbox_forgotten",
        "The event is written to the journal and not to the outbox when its stream exists already.",
        "order",
        JOURNAL,
        "INSERT INTO outbox (position) SELECT position FROM entry\n",
        "INSERT INTO outbox (position) SELECT position FROM entry WHERE sequence = 1\n",
    ),
    bug(
        "chain_without_its_past",
        "The hash of an event no longer covers the event before it.",
        "order",
        JOURNAL,
        "                s.hash\n                || convert_to(",
        "                convert_to(",
    ),
    Bug(
        "no_confirms",
        "The relay does not wait for the broker to confirm.",
        "broker",
        (
            Edit(
                PUBLISHER,
                "await there.publish(message, routing_key, mandatory=True)",
                "self._published = asyncio.ensure_future(there.publish(message, routing_key, mandatory=True))",
            ),
        ),
    ),
    bug(
        "forgets_what_was_not_confirmed",
        "The relay deletes the whole batch from the outbox, confirmed or not.",
        "broker",
        RELAY,
        "confirmed = [row for row, done in zip(rows, outcomes, strict=True) if done]",
        "confirmed = list(rows)",
    ),
    Bug(
        "deletes_before_it_publishes",
        "The relay empties the outbox first and publishes then.",
        "broker",
        (
            Edit(
                RELAY,
                "                    if rows:\n",
                "                    if rows:\n                        await _forget(connection, rows)\n",
            ),
        ),
    ),
    Bug(
        "walks_by_the_last_id",
        "The relay remembers how far it came, and never looks at a smaller number that was committed later.",
        "dawdling",
        (
            Edit(
                REACH,
                '            self._mark = (rows[0]["next"], positions[-1])\n',
                "            self.after = positions[-1]\n",
            ),
        ),
    ),
    bug(
        "watermark_by_completed_ids",
        "The relay takes one past the highest completed transaction id for an id that nobody has.",
        "watermark",
        RELAY,
        "pg_current_xact_id()::text::bigint AS next",
        "pg_snapshot_xmax(s)::text::bigint AS next",
    ),
    bug(
        "watermark_one_transaction_early",
        "The relay passes a position while the last transaction that may have drawn a smaller one still runs.",
        "watermark",
        REACH,
        "self._mark[0] <= rows[0]",
        "self._mark[0] - 1 <= rows[0]",
    ),
    bug(
        "silent_leader_keeps_its_lease",
        "A follower waits until PostgreSQL gives the vanished leader's session up by itself.",
        "lease",
        RELAY,
        "clock_timestamp() - a.state_change >",
        "clock_timestamp() - a.state_change > 1000 *",
    ),
    bug(
        "late_answer_is_published",
        "A leader that was frozen publishes what it had read, without asking whether it still leads.",
        "lease",
        RELAY,
        'await connection.fetchval("SELECT 1")\n        self._answered',
        "await asyncio.sleep(0)\n        self._answered",
    ),
    bug(
        "refused_for_its_size_is_tried_for_ever",
        "A message that the broker closes the channel on counts as a broker that is away.",
        "unsendable",
        PUBLISHER,
        "            raise UnsendableError(str(error)) from error",
        "            return False",
    ),
    bug(
        "suspected_is_set_aside",
        "A message counts as unsendable without a second channel that shows that the broker is there.",
        "unsendable",
        PUBLISHER,
        "                async with self._channel():\n                    raise\n",
        "                raise\n",
    ),
    bug(
        "set_aside_without_a_mark",
        "What was set aside is not marked: each leader tries it again and again.",
        "unsendable",
        RELAY,
        "        if unsendable:\n",
        "        if False:\n",
    ),
    bug(
        "passed_events_stay_passed",
        "A leader whose outbox ages does not look whether its watermark has passed something.",
        "aged_outbox",
        RELAY,
        "        self._checks = True\n",
        "        self._checks = False\n",
    ),
    bug(
        "relay_ends_with_the_database",
        "The relay's task ends when PostgreSQL goes away.",
        "database",
        RELAY,
        'log.warning("relay.database_away", error=type(error).__name__)',
        "return",
    ),
    Bug(
        "relay_ends_with_the_broker",
        "What a publish raises while the broker is away ends the relay's task.",
        "broker",
        (
            Edit(
                PUBLISHER,
                '            log.debug("relay.publish_failed", error=type(error).__name__)\n            return False',
                "            raise",
            ),
            Edit(RELAY, '                log.exception("relay.failed")\n', "                return\n"),
        ),
    ),
    bug(
        "no_digest",
        "What is published carries no hash of its body.",
        "damage",
        PUBLISHER,
        "headers: HeadersType = {DIGEST: digest_of(content)}",
        "headers: HeadersType = {}",
    ),
    bug(
        "rounds_end_with_the_database",
        "A service's rounds (held streams, heads, lost mails) end when PostgreSQL goes away.",
        "database_and_failing",
        ROUNDS,
        'log.warning("round.database_away", round=name, error=type(away).__name__)',
        "return",
    ),
)
