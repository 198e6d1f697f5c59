"""The SQL that changes or locks: what is known of requests, preferences, and the life of deliveries."""

from services.notifications.store.deliveries import (
    NewDelivery,
    add_delivery,
    alone,
    due_for_digest,
    gather,
    lock_delivery,
    save_resend,
)
from services.notifications.store.preferences import (
    Addressee,
    preference,
    set_preference,
    willing_agents,
)
from services.notifications.store.requests import (
    KnownRequest,
    known_request,
    learn_service,
    learned_service,
    note_escalation,
    note_transfer,
    remember_request,
    replace_link,
)
from services.notifications.store.sending import (
    Tried,
    claim_delivery,
    conclude,
    lost_attempts,
    note_content_offered,
    note_outcome,
    queue_again,
    settle_attempt,
)

__all__ = (
    "Addressee",
    "KnownRequest",
    "NewDelivery",
    "Tried",
    "add_delivery",
    "alone",
    "claim_delivery",
    "conclude",
    "due_for_digest",
    "gather",
    "known_request",
    "learn_service",
    "learned_service",
    "lock_delivery",
    "lost_attempts",
    "note_content_offered",
    "note_escalation",
    "note_outcome",
    "note_transfer",
    "preference",
    "queue_again",
    "remember_request",
    "replace_link",
    "save_resend",
    "set_preference",
    "settle_attempt",
    "willing_agents",
)
