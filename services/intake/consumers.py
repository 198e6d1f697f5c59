"""What intake hears: every fact that means something to an applicant, and requests filed by other forms."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError
from pydantic_core import PydanticCustomError

from services.intake.domain.filing import KeyReused
from services.intake.domain.life import MEANINGS
from services.intake.usecases import answer_forms, hear
from services.intake.usecases.file_request import file_request
from shared import clock, coverage
from shared.contracts import escalation, notifications, qualification
from shared.contracts.fact import Fact
from shared.contracts.forms import REQUEST_FILED, FiledRequest
from shared.db import Transaction
from shared.errors import Invalid, Refusal
from shared.messaging.consumers import Consumers, Handler
from shared.messaging.envelope import Envelope
from shared.messaging.topology import Subscription
from shared.territory.territories import Territories
from shared.web.validation import SENTENCES, field_errors, without_secrets

SUBSCRIPTION = Subscription("intake", ("qualification.#", "escalation.#", "forms.request_filed.#", "notifications.#"))


TABLE: Final[Mapping[type[Fact], Handler]] = {
    **{fact: hear.follow_fact for fact in MEANINGS if not fact.wire_type.startswith("intake.")},
    escalation.DecisionMade: hear.follow_fact,
    escalation.DecisionCorrected: hear.follow_fact,
    qualification.MessagePosted: hear.keep_message,
    qualification.InformationRequested: hear.keep_information_request,
    **dict.fromkeys(
        (escalation.MilestonePlanned, escalation.MilestonePostponed, escalation.MilestoneReached), hear.keep_milestone
    ),
    notifications.DeliverySucceeded: hear.note_mail,
    notifications.DeliveryFailed: hear.note_mail,
    notifications.ReplyReceived: hear.take_reply,
    escalation.ProgrammeCoverageSet: coverage.keep,
}
"""Most facts just mean something (`domain/life.py`); two bring a message, three a milestone, three tell of mails, one
of territories."""


def consumers(territories: Territories) -> Consumers:
    """Give what is heard to the inbox; requests of other forms come without a place in a stream, and may come again."""
    filing = {REQUEST_FILED: _file_request_on_request_filed(territories)}
    return Consumers(TABLE, raw=filing, repeated=filing)


def _file_request_on_request_filed(territories: Territories) -> Handler:
    async def file_request_on_request_filed(tx: Transaction, envelope: Envelope) -> None:
        """File what another form filed, or tell it why not; what it has filed already is answered again."""
        of = {"filed_from": envelope.source, "filed_id": envelope.id}
        at = clock.now()
        try:
            async with tx.savepoint():
                read = _read(envelope)
                filed = await file_request(tx, territories, read, at=at, key=envelope.id, filed_from=envelope.source)
        except KeyReused:
            await answer_forms.refuse(tx, answer_forms.FiledIdReused(), **of, at=at)
        except Refusal as refusal:
            await answer_forms.refuse(tx, refusal, **of, at=at)
        else:
            await answer_forms.accept(tx, filed, **of)

    return file_request_on_request_filed


def _read(envelope: Envelope) -> FiledRequest:
    """Read what was filed; refuses with `Invalid`, field by field."""
    try:
        return FiledRequest.model_validate(without_secrets(envelope.data))
    except PydanticCustomError as unstorable:
        raise Invalid.field("", SENTENCES["unstorable_text"]) from unstorable
    except ValidationError as wrong:
        raise Invalid(field_errors(wrong.errors())) from wrong
