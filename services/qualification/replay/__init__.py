"""How a département's data is rebuilt from the journals: what it heard, and what it told of its agents' deeds."""

from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers, subscription
from services.qualification.replay.cases import TOLD, told_and_heard
from services.qualification.replay.pacts import TOLD_OF_PACTS
from services.qualification.replay.tables import LEFT_OUT, TABLES
from services.qualification.settings import Served
from shared.contracts import qualification
from shared.messaging.handlers import EventHandlers
from shared.messaging.replay import Rebuilding


def rebuilding() -> Rebuilding:
    """Say how; the dates that rules once gave are in the events, so that only the départements served are asked for."""
    rules = Rules(departements=Served().codes)
    heard = handlers(rules).on
    transferred = qualification.RequestTransferred
    return Rebuilding(
        service="qualification",
        handlers=EventHandlers(
            {**heard, **TOLD, **TOLD_OF_PACTS, transferred: told_and_heard(TOLD[transferred], heard[transferred])}
        ),
        hears=subscription(rules).bindings,
        tables=TABLES,
        left_out=LEFT_OUT,
    )
