"""Event handlers of notifications: the data stored from each event, and the mails it makes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.notifications.domain import webhooks
from services.notifications.domain.audiences import AUDIENCES, Nobody
from services.notifications.usecases.deliveries import create_deliveries
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.projections import (
    remove_follower,
    store_escalation,
    store_follower,
    store_link,
    store_programme,
    store_provider,
    store_request,
    store_service,
    store_transfer,
    store_withdrawal,
)
from services.notifications.usecases.webhooks import store_for_partners
from shared import clock
from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers, Handler

BINDINGS = ("intake.#", "qualification.#", "escalation.#")

Projection = Callable[[Transaction, Any], Awaitable[None]]

PROJECTIONS: Mapping[type[Fact], tuple[Projection, ...]] = {
    intake.RequestSubmitted: (store_request,),
    intake.TrackingLinkReplaced: (store_link,),
    intake.ColleagueInvited: (store_follower,),
    intake.ColleagueRemoved: (remove_follower,),
    qualification.RequestRegistered: (store_service,),
    qualification.RequestEscalated: (store_service, store_escalation),
    qualification.OrientedLocally: (store_provider,),
    qualification.OrientationAccepted: (store_provider,),
    qualification.OrientationDeclined: (store_provider,),
    qualification.OrientationDueSoon: (store_provider,),
    qualification.OrientationLinkReplaced: (store_provider,),
    qualification.DirectedToProgramme: (store_programme,),
    qualification.RequestTransferred: (store_transfer,),
    qualification.WithdrawalAccepted: (store_withdrawal,),
    escalation.WithdrawalAccepted: (store_withdrawal,),
}
"""Use cases that store parts of an event, before mails are made of it."""


CONSUMED: tuple[type[Fact], ...] = tuple(
    fact
    for fact, mails in AUDIENCES.items()
    if (fact in PROJECTIONS or fact in webhooks.FACTS or not isinstance(mails, Nobody))
    and fact not in notifications.FACTS
)
"""All consumed events: those that make mails or webhooks, and those that are stored."""


def handlers(parts: Parts) -> EventHandlers:
    """Return the handler of each consumed event."""
    return EventHandlers({fact: _handler_of(fact, parts) for fact in CONSUMED})


def _handler_of(kind: type[Fact], parts: Parts) -> Handler:
    async def handle(tx: Transaction, fact: Fact) -> None:
        for project in PROJECTIONS.get(kind, ()):
            await project(tx, fact)
        if kind in webhooks.FACTS:
            await store_for_partners(tx, fact, event_id=journal.applied_event(tx), at=clock.now())
        await create_deliveries(tx, fact, event_id=journal.applied_event(tx), at=clock.now(), parts=parts)

    return handle
