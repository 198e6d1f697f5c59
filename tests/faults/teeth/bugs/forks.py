"""Bugs in what a listener compares, what it waits for, and what it takes from others."""

from tests.faults.teeth.bug import Bug, Edit, bug

FORKS = "shared/messaging/inbox/forks.py"
STREAMS = "shared/messaging/inbox/streams.py"
TAKING = "shared/messaging/inbox/inbox.py"
HELD = "shared/messaging/inbox/held.py"
QUARANTINE = "shared/messaging/inbox/quarantine.py"
CONSUMERS = "shared/messaging/handlers.py"
JOURNAL = "shared/messaging/journal.py"
HEALER = "shared/messaging/recovery/gap_recovery.py"
GAPS = "shared/messaging/recovery/gaps.py"
DISPUTES = "shared/messaging/recovery/disputed_streams.py"

BUGS = (
    bug(
        "another_event_of_a_known_number_is_a_duplicate",
        "An event whose number was applied is left aside, whatever it says.",
        "tests_of_forks",
        TAKING,
        "if stream.remembers(heard.sequence, fingerprint_of(heard.body)):",
        "if True:",
    ),
    Bug(
        "the_predecessor_is_not_compared",
        "The next event is applied, whatever event it was recorded after.",
        "tests_of_forks",
        (Edit(STREAMS, "return previous is None or self.hash is None or previous == self.hash", "return True"),),
    ),
    bug(
        "the_first_of_two_parked_events_wins",
        "Of two events of one number that are parked, the one that came first is applied.",
        "tests_of_forks",
        STREAMS,
        "               count(*) OVER () - 1 AS rivals\n",
        "               0::bigint AS rivals\n",
    ),
    bug(
        "heads_of_another_history_are_not_compared",
        "The hash that a stream's head carries is not compared with what was applied.",
        "tests_of_forks",
        FORKS,
        "AND ((s.applied = k.sequence AND s.hash <> k.hash)",
        "AND ((FALSE AND s.hash <> k.hash)",
    ),
    bug(
        "a_source_never_denies",
        "A source that is asked about an event says that its journal has it.",
        "tests_of_forks",
        DISPUTES,
        "                         AND j.hash = decode(k.hash, 'hex')) AS known\n",
        "                         AND j.hash = decode(k.hash, 'hex')) OR TRUE AS known\n",
    ),
    bug(
        "a_skip_breaks_the_chain",
        "After a skip the hash of the stream is that of the event before.",
        "tests_of_forks",
        STREAMS,
        "            applied = $3,\n            hash = $4,\n",
        "            applied = $3,\n            hash = coalesce(hash, $4),\n",
    ),
    bug(
        "queues_of_others_may_be_named",
        "A service may ask that events are sent again to any queue.",
        "tests_of_limits",
        HEALER,
        'if queue != service and not queue.startswith(f"{service}."):',
        "if False:",
    ),
    bug(
        "anybody_may_ask_without_end",
        "How often one service asks is not bounded.",
        "tests_of_limits",
        HEALER,
        "if not self._limiters[what].allows(queue):",
        "if False:",
    ),
    bug(
        "large_control_messages_are_parsed",
        "A control message of any size is parsed.",
        "tests_of_limits",
        HEALER,
        "if len(body) > MOST_BYTES:",
        "if False:",
    ),
    bug(
        "the_far_future_is_parked",
        "An event is parked however far before its turn it comes.",
        "tests_of_limits",
        TAKING,
        "elif heard.sequence > stream.applied + streams.MOST_AHEAD:",
        "elif False:",
    ),
    bug(
        "gaps_are_asked_for_without_end",
        "What never comes is asked for until the end of time.",
        "tests_of_limits",
        GAPS,
        "WHEN due.asked + 1 < $5 THEN",
        "WHEN $5 > 0 THEN",
    ),
    bug(
        "a_smaller_head_shrinks_what_is_expected",
        "A later, smaller head of a stream replaces the one that was expected.",
        "tests_of_limits",
        GAPS,
        "sequence = greatest(e.sequence, EXCLUDED.sequence),",
        "sequence = EXCLUDED.sequence,",
    ),
    bug(
        "newer_types_count_as_applied",
        "An event of a type that this service does not know counts as applied.",
        "tests_of_waiting",
        CONSUMERS,
        "return envelope.sequence is not None and ours and not self._knows(envelope.type)",
        "return False",
    ),
    bug(
        "waiting_for_another_stream_is_given_up",
        "What waits for another stream is given up like what fails.",
        "tests_of_waiting",
        HELD,
        "None if code in LONGEST else retry_policy.attempts,",
        "retry_policy.attempts,",
    ),
    bug(
        "the_cause_wakes_nobody",
        "What waits for another event of its request is not tried when one is applied.",
        "tests_of_waiting",
        STREAMS,
        "AND w.code = 'waits_for_another'",
        "AND w.code = 'nothing'",
    ),
    bug(
        "quarantine_counts_nothing",
        "A message that comes again is no repetition of the one in quarantine.",
        "tests_of_waiting",
        QUARANTINE,
        "DO UPDATE SET times = q.times + 1, last_at = now()",
        "DO UPDATE SET last_at = now()",
    ),
    bug(
        "a_locked_table_condemns",
        "Attempts that end because the database does not answer stay counted.",
        "tests_of_attempts",
        TAKING,
        "except (asyncio.CancelledError, *AWAY, *CONFLICTS):",
        "except asyncio.CancelledError:",
    ),
    Bug(
        "streams_are_locked_in_any_order",
        "Each session locks the streams of its messages in an order of its own.",
        "tests_of_order",
        (
            Edit(STREAMS, "                ORDER BY 1, 2, 3\n", "                ORDER BY random()\n"),
            Edit(TAKING, "keys = sorted(reading.heard)", "keys = list(reading.heard)"),
        ),
    ),
    bug(
        "the_latest_moment_goes_back",
        "The latest moment known of a stream is that of its last event.",
        "tests_of_order",
        STREAMS,
        "latest = greatest(s.latest, k.latest),",
        "latest = k.latest,",
    ),
    bug(
        "a_head_keeps_its_first_departement",
        "A stream's head stays with the département of its first event.",
        "tests_of_order",
        JOURNAL,
        "            departement = EXCLUDED.departement,\n",
        "",
    ),
)
