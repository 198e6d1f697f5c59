"""The SQL that shows: mails, choices, addresses, the bell."""

from services.notifications.reads.addresses import BadAddress, bad_address, bad_addresses
from services.notifications.reads.bell import Notice, notices, unread
from services.notifications.reads.mails import (
    Attempt,
    Body,
    Chosen,
    DeliveryLine,
    Filters,
    attempts,
    body,
    choices,
    counts,
    deliveries,
    delivery,
    oldest_due,
)
from services.notifications.reads.webhooks import (
    PartnerEvent,
    Webhook,
    WebhookAttempt,
    partner_events,
    webhook,
    webhook_attempts,
    webhooks,
)

__all__ = (
    "Attempt",
    "BadAddress",
    "Body",
    "Chosen",
    "DeliveryLine",
    "Filters",
    "Notice",
    "PartnerEvent",
    "Webhook",
    "WebhookAttempt",
    "attempts",
    "bad_address",
    "bad_addresses",
    "body",
    "choices",
    "counts",
    "deliveries",
    "delivery",
    "notices",
    "oldest_due",
    "partner_events",
    "unread",
    "webhook",
    "webhook_attempts",
    "webhooks",
)
