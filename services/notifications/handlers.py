"""Event handlers of notifications: the data stored from each event, and the mails it makes."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from services.notifications.domain import webhooks
from services.notifications.domain.audiences import AUDIENCES, Nobody
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
from services.notifications.usecases.parts import Parts
from services.notifications.usecases.tell import tell
from services.notifications.usecases.webhooks import note_for_partners
from shared import clock
from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging import journal
from shared.messaging.handlers import EventHandlers, Handler

BINDINGS = ("intake.#", "qualification.#", "escalation.#")

Lesson = Callable[[Transaction, Any], Awaitable[None]]

LEARN: Mapping[type[Fact], tuple[Lesson, ...]] = {
    intake.RequestSubmitted: (learn_request,),
    intake.TrackingLinkReplaced: (learn_link,),
    intake.ColleagueInvited: (learn_follower,),
    intake.ColleagueRemoved: (forget_follower,),
    qualification.RequestRegistered: (learn_service,),
    qualification.RequestEscalated: (learn_service, learn_escalation),
    qualification.OrientedLocally: (learn_provider,),
    qualification.OrientationAccepted: (learn_provider,),
    qualification.OrientationDeclined: (learn_provider,),
    qualification.OrientationDueSoon: (learn_provider,),
    qualification.OrientationLinkReplaced: (learn_provider,),
    qualification.DirectedToProgramme: (learn_programme,),
    qualification.RequestTransferred: (learn_transfer,),
    qualification.WithdrawalAccepted: (learn_withdrawal,),
    escalation.WithdrawalAccepted: (learn_withdrawal,),
}
"""Use cases that store parts of an event, before mails are made of it."""


HEARD: tuple[type[Fact], ...] = tuple(
    fact
    for fact, mails in AUDIENCES.items()
    if (fact in LEARN or fact in webhooks.FACTS or not isinstance(mails, Nobody)) and fact not in notifications.FACTS
)
"""All consumed events: those that make mails or webhooks, and those that are stored."""


def handlers(parts: Parts) -> EventHandlers:
    """Return the handler of each consumed event."""
    return EventHandlers({fact: _tell_people_on(fact, parts) for fact in HEARD})


def _tell_people_on(kind: type[Fact], parts: Parts) -> Handler:
    async def tell_people(tx: Transaction, fact: Fact) -> None:
        for learn in LEARN.get(kind, ()):
            await learn(tx, fact)
        if kind in webhooks.FACTS:
            await note_for_partners(tx, fact, event_id=journal.applied_event(tx), at=clock.now())
        await tell(tx, fact, event_id=journal.applied_event(tx), at=clock.now(), parts=parts)

    return tell_people
