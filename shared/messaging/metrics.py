"""Prometheus metrics of messaging."""

from prometheus_client import Counter, Gauge, Histogram

PUBLISHED = Counter("cousu_events_published_total", "Events that the broker confirmed")
UNSENDABLE = Counter(
    "cousu_events_unsendable_total", "Events that the broker refused for what they are, and that were set aside"
)
PASSED = Counter(
    "cousu_outbox_passed_events_total", "Events that the relay's watermark had passed, and that it went back for"
)
APPLIED = Counter("cousu_events_applied_total", "Events that took effect, or needed none")
DUPLICATES = Counter("cousu_events_duplicate_total", "Events that came again and were left aside")
HELD = Counter("cousu_events_held_total", "Times that an event could not be applied")
FORKED = Counter("cousu_streams_forked_total", "Times that a source was found to publish another history")
TOO_FAR_AHEAD = Counter("cousu_events_too_far_ahead_total", "Events that claim a place too far ahead to be parked")
OWN = Counter("cousu_events_own_total", "Events of this service that came to its own queue and were left aside")
QUARANTINED = Counter("cousu_messages_quarantined_total", "Messages that nobody could read")
FORGED = Counter(
    "cousu_messages_forged_total", "Messages that contradict themselves or the account that published them", ["reason"]
)
FOREIGN_REFUSED = Counter(
    "cousu_messages_foreign_refused_total", "Messages of forms of others that were not filed and could not be answered"
)
FATAL = Counter("cousu_messages_fatal_total", "Messages sent to the dead letters because they end whoever reads them")
ASKED = Counter("cousu_gaps_asked_total", "Requests to a source for events that are missing here")
RESENT = Counter("cousu_events_resent_total", "Events sent again to a queue that missed them")
CONTROL_REFUSED = Counter(
    "cousu_control_messages_refused_total", "Questions and stream heads that were too large, too many or wrong", ["why"]
)
BATCH = Histogram("cousu_inbox_batch_messages", "Messages taken in one transaction", buckets=(1, 2, 5, 10, 20, 50, 100))

HOPS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3600)
PUBLISHED_AFTER = Histogram(
    "cousu_event_told_seconds", "First hop: from an event's record to the broker's confirmation", buckets=HOPS
)
APPLIED_AFTER = Histogram(
    "cousu_event_applied_seconds",
    "All hops: from the moment that an event bears to its effect here, by the service that published it",
    ["source"],
    buckets=HOPS,
)

OUTBOX_EVENTS = Gauge("cousu_outbox_events", "Events that the broker has not confirmed yet")
OUTBOX_AGE = Gauge("cousu_outbox_oldest_seconds", "Age of the oldest event that is not confirmed")
OUTBOX_UNSENDABLE = Gauge("cousu_outbox_unsendable_events", "Events set aside because the broker refuses them")
HELD_STREAMS = Gauge("cousu_held_streams", "Streams that wait because of an event that cannot be applied")
HELD_GIVEN_UP = Gauge("cousu_held_given_up_streams", "Those of them that are tried no more: an operator decides")
FORKED_STREAMS = Gauge("cousu_forked_streams", "Streams whose source publishes another history than the one applied")
DISPUTED_STREAMS = Gauge("cousu_disputed_streams", "Our streams of which a listener applied what our journal lacks")
WAITING_EVENTS = Gauge("cousu_waiting_events", "Events that came before their turn, or whose stream is held")
UNAPPLIED_AGE = Gauge(
    "cousu_unapplied_oldest_seconds",
    "How long the first event of a source has been known here, or known to be missing, and not applied",
    ["source"],
)
DEAD_LETTERS = Gauge("cousu_dead_letters", "Dead letters of the service that nobody has settled")
QUARANTINE_OPEN = Gauge("cousu_quarantine_messages", "Messages in quarantine that nobody has settled")
LEADING = Gauge("cousu_relay_leading", "1 where this process is the relay")
