"""Replay of notifications: rebuild its data, above all mail deliveries, from the journals of all services."""

from collections.abc import Iterator, Mapping
from typing import Final

from services.notifications.domain.audiences import STEPS
from services.notifications.domain.deliveries import Status
from services.notifications.domain.directory import Directory, ServiceInCharge
from services.notifications.handlers import BINDINGS, handlers
from services.notifications.rendering.links import MailLinks
from services.notifications.rendering.renderer import MailRenderer
from services.notifications.store.sending import note_outcome
from services.notifications.usecases.deliveries import create_deliveries
from services.notifications.usecases.parts import Parts
from shared.contracts import notifications
from shared.db import Transaction
from shared.links import Links
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers
from shared.messaging.replay import Rebuilding, Table

SOMEWHERE: Final = "replay@cousu.invalid"
OPENS_NOTHING: Final = "no secret link is ever made in a rebuilt database"


def parts() -> Parts:
    """Return parts that write to somewhere, with links that open nothing: no mail leaves it."""
    return Parts(
        renderer=MailRenderer(),
        directory=_AnyDirectory(
            services={},
            delegates=_Somewhere(),
            programmes=_Somewhere(),
            national=SOMEWHERE,
            committee=SOMEWHERE,
            operator=SOMEWHERE,
        ),
        links=MailLinks(
            intake="",
            qualification="",
            escalation="",
            notifications="",
            tracking=Links(OPENS_NOTHING, "tracking"),
            followers=Links(OPENS_NOTHING, "colleague"),
            orientation=Links(OPENS_NOTHING, "orientation"),
            pact=Links(OPENS_NOTHING, "pact"),
        ),
    )


def rebuilding() -> Rebuilding:
    """Return what the rebuilding of this service consists of."""
    nowhere = parts()

    async def note_failure(tx: Transaction, fact: notifications.DeliveryFailed) -> None:
        await note_outcome(tx, fact.delivery_id, status=Status.FAILED, reason=fact.reason, sent_at=None)
        await create_deliveries(tx, fact, event_id=journal.applied_event(tx), at=fact.at, parts=nowhere)

    async def create_reply_deliveries(tx: Transaction, fact: notifications.ReplyReceived) -> None:
        await create_deliveries(tx, fact, event_id=journal.applied_event(tx), at=fact.at, parts=nowhere)

    return Rebuilding(
        service="notifications",
        handlers=EventHandlers(
            {
                **handlers(nowhere).on,
                notifications.DeliverySucceeded: _note_success,
                notifications.DeliveryFailed: note_failure,
                notifications.ReplyReceived: create_reply_deliveries,
            }
        ),
        bindings=BINDINGS,
        tables=TABLES,
        left_out=LEFT_OUT,
    )


async def _note_success(tx: Transaction, fact: notifications.DeliverySucceeded) -> None:
    await note_outcome(tx, fact.delivery_id, status=Status.SENT, reason=None, sent_at=fact.at)


class _Somewhere(Mapping[str, str]):
    """A mailbox for whoever is asked for: which one it was is a setting of the day."""

    def __getitem__(self, _: str) -> str:
        return SOMEWHERE

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class _AnyDirectory(Directory):
    """Every service has an address: which one it was is a setting of the day, or what its events said."""

    def service(
        self, departement: str, announced: ServiceInCharge | None = None, entered: ServiceInCharge | None = None
    ) -> ServiceInCharge:
        """Return the service in charge, reached somewhere."""
        return super().service(departement, announced, entered).model_copy(update={"email": SOMEWHERE})


OF_THE_DAY: Final = "written with the templates and the addresses of the day"
SINCE: Final = "not known of requests that were filed before it was stored"
BY_SENDING: Final = "how it was tried; what came of it is compared"

ARRIVED_BEFORE_THE_WITHDRAWAL: Final = f"""
    event_type IN ({", ".join(f"'{step.wire_type}'" for step in STEPS)}) AND EXISTS (
        SELECT FROM known_request k WHERE k.request_id = t.request_id AND k.withdrawn_at IS NOT NULL
    )
"""
"""A step of a withdrawn request: its mail is queued only where it arrived before the acceptance, by another stream."""

TABLES = (
    Table("known_request", key=("request_id",), left_out=dict.fromkeys(("filed_at", "contact_role"), SINCE)),
    Table("follower", key=("id",)),
    Table("presented_service", key=("departement", "request_id")),
    Table("presented_provider", key=("provider_id", "departement", "request_id")),
    Table(
        "delivery",
        key=("event_id", "audience", "holder"),
        # Agents choose for themselves; digests are made by the clock; what a person sends again may go elsewhere.
        counted="holder NOT LIKE 'agent:%' AND event_type <> 'digest' AND asked_by IS NULL"
        f" AND NOT ({ARRIVED_BEFORE_THE_WITHDRAWAL})",
        left_out={
            **dict.fromkeys(("subject", "text_body", "html_body", "letter", "reply_to"), OF_THE_DAY),
            **dict.fromkeys(
                ("round", "attempts", "attempt_id", "lease_until", "tried_since", "next_attempt_at", "asked_by"),
                BY_SENDING,
            ),
            "cadence": "what a team chose, in no event",
            "digest_id": "digests are made by the clock",
            "created_at": "when it was written down here",
            "domain": "part of the recipient",
            "thread_id": "which mail of a request came first here",
        },
        seen_as={
            "recipient": "CASE WHEN holder = 'person' OR holder LIKE 'follower:%' THEN recipient END",
            # What became of a mail about no request is in no event.
            "status": "CASE WHEN request_id IS NOT NULL AND status IN ('sent', 'failed') THEN status END",
            "sent_at": "CASE WHEN request_id IS NOT NULL THEN sent_at END",
            "reason": "CASE WHEN request_id IS NOT NULL AND status = 'failed' THEN reason END",
        },
    ),
)

LEFT_OUT = {
    "contact": "what people entered is in no event",
    "preference": "what people chose is in no event",
    "absence": "the same",
    "consultation": "who was shown what is in no event",
    "bell_read": "what people have read is in no event",
    "delivery_attempt": BY_SENDING,
    "domain_pace": BY_SENDING,
    "rate_limit": BY_SENDING,
    "incoming_mail": "what came is in an event; that it came twice is not",
    "partner_event": "what partners receive; it is stored as events arrive, and deleted after a time",
    "webhook": "who subscribes is in no event",
    "webhook_attempt": BY_SENDING,
    "webhook_test": BY_SENDING,
    "bad_address": "what mail servers say of addresses; what came of the mails is compared",
}
