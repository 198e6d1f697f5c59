"""Prometheus metrics of mail."""

from prometheus_client import Counter, Gauge

ATTEMPTS = Counter(
    "cousu_delivery_attempts_total",
    "Attempts to send a mail, by how they ended; each `uncertain` one may be a copy",
    ["result"],
)
DELIVERIES = Gauge("cousu_deliveries", "Mails that are not sent, by where they stand", ["status"])
OLDEST_DUE = Gauge(
    "cousu_deliveries_oldest_due_seconds", "How long the first mail in the queue has been due, tried in vain or not"
)
INCOMING = Counter(
    "cousu_incoming_mails_total", "Replies and delivery reports that mail servers delivered, by kind", ["kind"]
)
WEBHOOK_ATTEMPTS = Counter(
    "cousu_webhook_attempts_total", "Attempts to give an event to a partner, by result", ["result"]
)
