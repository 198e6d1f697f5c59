"""What notifications hears: each fact, what is learned from it, and the mails it makes (domain/audiences.py)."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from services.notifications import usecases
from services.notifications.domain import webhooks
from services.notifications.domain.audiences import AUDIENCES, Nobody
from services.notifications.usecases.parts import Parts
from shared import clock
from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.fact import Fact
from shared.db import Transaction
from shared.messaging.handlers import EventHandlers, Handler

BINDINGS = ("intake.#", "qualification.#", "escalation.#")

Lesson = Callable[[Transaction, Any], Awaitable[None]]

LEARN: Mapping[type[Fact], tuple[Lesson, ...]] = {
    intake.RequestSubmitted: (usecases.learn_request,),
    intake.TrackingLinkReplaced: (usecases.learn_link,),
    intake.ColleagueInvited: (usecases.learn_follower,),
    intake.ColleagueRemoved: (usecases.forget_follower,),
    qualification.RequestRegistered: (usecases.learn_service,),
    qualification.RequestEscalated: (usecases.learn_service, usecases.learn_escalation),
    qualification.OrientedLocally: (usecases.learn_provider,),
    qualification.OrientationAccepted: (usecases.learn_provider,),
    qualification.OrientationDeclined: (usecases.learn_provider,),
    qualification.OrientationDueSoon: (usecases.learn_provider,),
    qualification.OrientationLinkReplaced: (usecases.learn_provider,),
    qualification.DirectedToProgramme: (usecases.learn_programme,),
    qualification.RequestTransferred: (usecases.learn_transfer,),
    qualification.WithdrawalAccepted: (usecases.learn_withdrawal,),
    escalation.WithdrawalAccepted: (usecases.learn_withdrawal,),
}
"""What is kept of a fact, before anybody is told of it."""


HEARD: tuple[type[Fact], ...] = tuple(
    fact
    for fact, mails in AUDIENCES.items()
    if (fact in LEARN or fact in webhooks.FACTS or not isinstance(mails, Nobody)) and fact not in notifications.FACTS
)
"""Every fact of the other services that people or partners' programs are told of, or that something is learned from."""


def handlers(parts: Parts) -> EventHandlers:
    """Hear them."""
    return EventHandlers({fact: _tell_people_on(fact, parts) for fact in HEARD})


def _tell_people_on(kind: type[Fact], parts: Parts) -> Handler:
    async def tell_people(tx: Transaction, fact: Fact) -> None:
        for learn in LEARN.get(kind, ()):
            await learn(tx, fact)
        if kind in webhooks.FACTS:
            await usecases.note_for_partners(tx, fact, event_id=event_id(tx), at=clock.now())
        await usecases.tell(tx, fact, event_id=event_id(tx), at=clock.now(), parts=parts)

    return tell_people


def event_id(tx: Transaction) -> UUID:
    """Give the id of the event that is applied."""
    if tx.cause is None or tx.cause.causation_id is None:
        raise LookupError("no event is being applied")
    return UUID(tx.cause.causation_id)
