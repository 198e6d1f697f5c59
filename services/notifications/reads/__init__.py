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

__all__ = (
    "Attempt",
    "BadAddress",
    "Body",
    "Chosen",
    "DeliveryLine",
    "Filters",
    "Notice",
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
    "unread",
)
