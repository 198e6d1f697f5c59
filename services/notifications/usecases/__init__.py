"""What the service does: learn, tell, send, send again, gather digests, keep preferences."""

from services.notifications.usecases.absence import be_away, be_back
from services.notifications.usecases.bell import read_all_notices, read_notice, rings_for
from services.notifications.usecases.digests import gather_digests
from services.notifications.usecases.directory import (
    NotYourContact,
    enter_contact,
    entries_of,
    withdraw_contact,
)
from services.notifications.usecases.learn import (
    forget_follower,
    learn_escalation,
    learn_follower,
    learn_link,
    learn_programme,
    learn_provider,
    learn_request,
    learn_service,
    learn_transfer,
    learn_withdrawal,
)
from services.notifications.usecases.preferences import choose
from services.notifications.usecases.receive import pass_over, take_reply, take_report, trust_address
from services.notifications.usecases.resend import MAY_RESEND, resend
from services.notifications.usecases.send import begin, content_offered, ended, settle_lost
from services.notifications.usecases.tell import RequestNotKnownYet, tell
from services.notifications.usecases.webhooks import (
    NoWebhooksHere,
    delivered,
    end,
    next_parcel,
    note_for_partners,
    renew_secret,
    replay,
    resume,
    send_test,
    subscribe,
    suspend,
)

__all__ = (
    "MAY_RESEND",
    "NoWebhooksHere",
    "NotYourContact",
    "RequestNotKnownYet",
    "be_away",
    "be_back",
    "begin",
    "choose",
    "content_offered",
    "delivered",
    "end",
    "ended",
    "enter_contact",
    "entries_of",
    "forget_follower",
    "gather_digests",
    "learn_escalation",
    "learn_follower",
    "learn_link",
    "learn_programme",
    "learn_provider",
    "learn_request",
    "learn_service",
    "learn_transfer",
    "learn_withdrawal",
    "next_parcel",
    "note_for_partners",
    "pass_over",
    "read_all_notices",
    "read_notice",
    "renew_secret",
    "replay",
    "resend",
    "resume",
    "rings_for",
    "send_test",
    "settle_lost",
    "subscribe",
    "suspend",
    "take_reply",
    "take_report",
    "tell",
    "trust_address",
    "withdraw_contact",
)
