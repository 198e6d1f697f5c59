"""The SQL that shows: mails, choices, the bell."""

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
    "Body",
    "Chosen",
    "DeliveryLine",
    "Filters",
    "Notice",
    "attempts",
    "body",
    "choices",
    "counts",
    "deliveries",
    "delivery",
    "notices",
    "oldest_due",
    "unread",
)
