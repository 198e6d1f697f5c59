"""How the national team's data is rebuilt from the journals: what it heard, and what it told of its agents' deeds."""

from services.escalation.domain.durations import Durations
from services.escalation.handlers import SUBSCRIPTION, table
from services.escalation.replay import dossiers, programmes, withdrawals
from services.escalation.replay.tables import LEFT_OUT, TABLES
from shared.messaging.handlers import EventHandlers
from shared.messaging.replay import Rebuilding


def rebuilding() -> Rebuilding:
    """Say how; a date that the durations once gave counts as it was told, or is not compared."""
    return Rebuilding(
        service="escalation",
        handlers=EventHandlers({**table(Durations()), **dossiers.TOLD, **programmes.TOLD, **withdrawals.TOLD}),
        hears=SUBSCRIPTION.bindings,
        tables=TABLES,
        left_out=LEFT_OUT,
    )
