"""Replay of qualification: rebuild a département's data from its consumed and its published events."""

from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers, subscription
from services.qualification.replay.cases import OF_CASES, recorded_then_consumed
from services.qualification.replay.pacts import OF_PACTS
from services.qualification.replay.tables import LEFT_OUT, TABLES
from services.qualification.settings import Served
from shared.contracts import qualification
from shared.messaging.handlers import EventHandlers
from shared.messaging.replay import Rebuilding


def rebuilding() -> Rebuilding:
    """Return what the rebuilding of this service consists of.

    The dates that rules gave are in the events, so that only the départements served are asked for.
    """
    rules = Rules(departements=Served().codes)
    consumed = handlers(rules).on
    transferred = qualification.RequestTransferred
    return Rebuilding(
        service="qualification",
        handlers=EventHandlers(
            {
                **consumed,
                **OF_CASES,
                **OF_PACTS,
                transferred: recorded_then_consumed(OF_CASES[transferred], consumed[transferred]),
            }
        ),
        bindings=subscription(rules).bindings,
        tables=TABLES,
        left_out=LEFT_OUT,
    )
