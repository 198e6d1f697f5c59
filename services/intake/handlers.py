"""Event handlers of intake: events that concern the applicant, and requests filed by foreign forms."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from services.intake.domain.filing import KeyReused
from services.intake.domain.life import MEANINGS
from services.intake.usecases import answer_forms, consumed
from services.intake.usecases.filing import Origin, check, file_request
from shared import clock, coverage
from shared.commands import without_secrets
from shared.contracts import escalation, notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.forms import REQUEST_FILED, FiledRequest
from shared.db import Transaction
from shared.errors import Invalid, Refusal
from shared.messaging.accounts import form_of_user, form_source
from shared.messaging.envelope import Envelope, Name
from shared.messaging.handlers import EventHandlers, Handler
from shared.messaging.inbox.message import Message
from shared.messaging.inbox.quarantine import FORGERIES
from shared.messaging.topology import Subscription
from shared.territory.territories import Territories
from shared.web.validation import SENTENCES, field_errors

SUBSCRIPTION = Subscription("intake", ("qualification.#", "escalation.#", "forms.request_filed.#", "notifications.#"))


TABLE: Final[Mapping[type[Fact], Handler]] = {
    **{fact: consumed.update_request_on_fact for fact in MEANINGS if not fact.wire_type.startswith("intake.")},
    escalation.DecisionMade: consumed.update_request_on_fact,
    escalation.DecisionCorrected: consumed.update_request_on_fact,
    qualification.MessagePosted: consumed.add_message_on_message_posted,
    qualification.InformationRequested: consumed.add_message_on_information_requested,
    escalation.MilestonePlanned: consumed.store_milestone_on_change,
    escalation.MilestonePostponed: consumed.store_milestone_on_change,
    escalation.MilestoneReached: consumed.store_milestone_on_change,
    escalation.MilestoneCancelled: consumed.forget_milestone_on_cancelled,
    escalation.AccompanimentRescheduled: consumed.update_request_on_fact,
    qualification.LocalMilestoneSet: consumed.store_milestone_on_change,
    qualification.LocalMilestonePostponed: consumed.store_milestone_on_change,
    qualification.LocalMilestoneReached: consumed.store_milestone_on_change,
    qualification.LocalWorkStopped: consumed.end_local_work_on_stop,
    notifications.DeliverySucceeded: consumed.note_mail_on_delivery,
    notifications.DeliveryFailed: consumed.note_mail_on_delivery,
    notifications.ReplyReceived: consumed.post_message_on_reply_received,
    escalation.ProgrammeCoverageSet: coverage.store,
}
"""Most facts only change what the request shows (`domain/life.py`)."""


def handlers(territories: Territories) -> EventHandlers:
    """Return the handlers; requests of foreign forms have no place in a stream, and may come again."""
    filing = {REQUEST_FILED: _file_request_on_request_filed(territories)}
    return EventHandlers(TABLE, raw=filing, repeated=filing, answer=_answer_form)


def _file_request_on_request_filed(territories: Territories) -> Handler:
    async def file_request_on_request_filed(tx: Transaction, envelope: Envelope) -> None:
        """File what a foreign form sent, or answer why not; what it has filed already is answered again."""
        of = {"filed_from": envelope.source, "filed_id": envelope.id}
        at = clock.now()
        try:
            async with tx.savepoint():
                checked = check(territories, _read(envelope), at=at)
                origin = Origin(key=envelope.id, filed_from=envelope.source)
                filed = await file_request(tx, checked, at=at, origin=origin)
        except KeyReused:
            await answer_forms.refuse(tx, answer_forms.FiledIdReused(), **of, at=at)
        except Refusal as refusal:
            await answer_forms.refuse(tx, refusal, **of, at=at)
        else:
            await answer_forms.accept(tx, filed, **of)

    return file_request_on_request_filed


async def _answer_form(tx: Transaction, message: Message, reason: str) -> bool:
    """Answer a form why what its account published is not filed; what it forged is put in quarantine besides."""
    form = form_of_user(message.sender.user) if message.sender else None
    if form is None:
        return False
    forged = reason in FORGERIES
    refusal = answer_forms.NotForThisAccount() if forged else _why_unreadable(message)
    await answer_forms.refuse(tx, refusal, filed_from=form_source(form), filed_id=_id_in(message.body), at=clock.now())
    return not forged


def _why_unreadable(message: Message) -> Refusal:
    """Return what is wrong with a message, member by member."""
    if message.damaged:
        return answer_forms.FilingDamaged()
    try:
        Envelope.model_validate_json(message.body)
    except ValidationError as wrong:
        return answer_forms.FilingUnreadable(field_errors(wrong.errors()))
    return answer_forms.FilingUnreadable()


class _Named(BaseModel):
    id: Name


def _id_in(body: bytes) -> str:
    """Return the id that an unreadable message has; none where there is none."""
    try:
        return _Named.model_validate_json(body).id
    except ValidationError:
        return ""


def _read(envelope: Envelope) -> FiledRequest:
    """Read what was filed; refuses with `Invalid`, field by field."""
    try:
        return FiledRequest.model_validate(without_secrets(envelope.data))
    except PydanticCustomError as unstorable:
        raise Invalid.field("", SENTENCES["unstorable_text"]) from unstorable
    except ValidationError as wrong:
        raise Invalid(field_errors(wrong.errors())) from wrong
