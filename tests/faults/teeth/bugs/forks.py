"""Bugs in what a listener compares, what it waits for, and what it takes from others."""

import asyncio
import sys
from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, instead, lacking, returning, reworded

INBOX = "shared.messaging.inbox"
RECOVERY = "shared.messaging.recovery"
STREAMS = f"{INBOX}.streams"
PARKING = f"{INBOX}.parking"


async def _uncounted_when_cancelled(original: Any, *given: Any) -> None:
    if isinstance(sys.exception(), asyncio.CancelledError):
        await original(*given)


BUGS = (
    bug(
        "another_event_of_a_known_number_is_a_duplicate",
        "An event whose number was applied is left aside, whatever it says.",
        "tests_of_forks",
        f"{STREAMS}:Stream.remembers",
        returning(True),
    ),
    bug(
        "the_predecessor_is_not_compared",
        "The next event is applied, whatever event it was recorded after.",
        "tests_of_forks",
        f"{STREAMS}:Stream.continues",
        returning(True),
    ),
    bug(
        "the_first_of_two_parked_events_wins",
        "Of two events of one number that are parked, the one that came first is applied.",
        "tests_of_forks",
        f"{PARKING}:next_parked",
        reworded("count(*) OVER () - 1 AS rivals", "0::bigint AS rivals"),
    ),
    bug(
        "heads_of_another_history_are_not_compared",
        "The hash that a stream's head carries is not compared with what was applied.",
        "tests_of_forks",
        f"{INBOX}.forks:compare",
        reworded("s.applied = k.sequence AND s.hash <> k.hash", "FALSE"),
    ),
    bug(
        "a_source_never_denies",
        "A source that is asked about an event says that its journal has it.",
        "tests_of_forks",
        f"{RECOVERY}.disputed_streams:check",
        reworded("decode(k.hash, 'hex')) AS known", "decode(k.hash, 'hex')) OR TRUE AS known"),
    ),
    bug(
        "a_skip_breaks_the_chain",
        "After a skip the hash of the stream is that of the event before.",
        "tests_of_forks",
        f"{STREAMS}:skip_to",
        reworded("hash = $4", "hash = coalesce(hash, $4)"),
    ),
    bug(
        "queues_of_others_may_be_named",
        "A service may ask that events are sent again to any queue.",
        "tests_of_limits",
        f"{RECOVERY}.gap_recovery:GapRecovery._may_ask",
        around(lambda original, self, what, _service, queue: original(self, what, queue, queue)),
    ),
    bug(
        "anybody_may_ask_without_end",
        "How often one service asks is not bounded.",
        "tests_of_limits",
        f"{RECOVERY}.rate_limits:RateLimiter.allows",
        returning(True),
    ),
    bug(
        "large_control_messages_are_parsed",
        "A control message of any size is parsed.",
        "tests_of_limits",
        "shared.messaging.control_messages:MOST_BYTES",
        instead(1 << 40),
    ),
    bug(
        "the_far_future_is_parked",
        "An event is parked however far before its turn it comes.",
        "tests_of_limits",
        f"{STREAMS}:MOST_AHEAD",
        instead(1 << 62),
    ),
    bug(
        "gaps_are_asked_for_without_end",
        "What never comes is asked for until the end of time.",
        "tests_of_limits",
        f"{RECOVERY}.gaps:take_due",
        reworded("due.asked + 1 < $5", "$5 > 0"),
    ),
    bug(
        "a_smaller_head_shrinks_what_is_expected",
        "A later, smaller head of a stream replaces the one that was expected.",
        "tests_of_limits",
        f"{RECOVERY}.gaps:expect",
        reworded("sequence = greatest(e.sequence, EXCLUDED.sequence)", "sequence = EXCLUDED.sequence"),
    ),
    bug(
        "newer_types_count_as_applied",
        "An event of a type that this service does not know counts as applied.",
        "tests_of_waiting",
        "shared.messaging.handlers:EventHandlers._is_newer",
        returning(False),
    ),
    bug(
        "waiting_for_another_stream_is_given_up",
        "What waits for another stream is given up like what fails.",
        "tests_of_waiting",
        f"{INBOX}.held:LONGEST",
        instead({}),
    ),
    bug(
        "the_cause_wakes_nobody",
        "What waits for another event of its request is not tried when one is applied.",
        "tests_of_waiting",
        f"{STREAMS}:save",
        reworded("w.code = 'waits_for_another'", "w.code = 'nothing'"),
    ),
    bug(
        "quarantine_counts_nothing",
        "A message that comes again is no repetition of the one in quarantine.",
        "tests_of_waiting",
        f"{INBOX}.quarantine:put_aside",
        lacking("times = q.times + 1,"),
    ),
    bug(
        "a_locked_table_condemns",
        "Attempts that end because the database does not answer stay counted.",
        "tests_of_attempts",
        f"{INBOX}.attempts:uncount",
        around(_uncounted_when_cancelled),
    ),
    bug(
        "streams_are_locked_in_any_order",
        "Each session locks the streams of its messages in an order of its own.",
        "tests_of_order",
        f"{STREAMS}:lock",
        reworded("ORDER BY 1, 2, 3", "ORDER BY random()"),
    ),
    bug(
        "the_latest_moment_goes_back",
        "The latest moment known of a stream is that of its last event.",
        "tests_of_order",
        f"{STREAMS}:save",
        reworded("latest = greatest(s.latest, k.latest)", "latest = k.latest"),
    ),
    bug(
        "a_head_keeps_its_first_departement",
        "A stream's head stays with the département of its first event.",
        "tests_of_order",
        "shared.messaging.journal:_RECORD",
        lacking("departement = EXCLUDED.departement,"),
    ),
)
