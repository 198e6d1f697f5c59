"""Rebuild the national team's data from the journals: from consumed events and from its own."""

from services.escalation.domain.durations import Durations
from services.escalation.handlers import SUBSCRIPTION, table
from services.escalation.replay import dossiers, programmes, withdrawals
from services.escalation.replay.tables import LEFT_OUT, TABLES
from shared.messaging.handlers import EventHandlers
from shared.messaging.replay import Rebuilding


def rebuilding() -> Rebuilding:
    """Return how this service is rebuilt; dates that depend on settings are taken from events or not compared."""
    return Rebuilding(
        service="escalation",
        handlers=EventHandlers(
            {**table(Durations()), **dossiers.HANDLERS, **programmes.HANDLERS, **withdrawals.HANDLERS}
        ),
        bindings=SUBSCRIPTION.bindings,
        tables=TABLES,
        left_out=LEFT_OUT,
    )
