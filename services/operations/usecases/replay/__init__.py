"""Is what a service shows what the journals tell? It is rebuilt from them into an empty database, and compared."""

from services.operations.usecases.replay.comparison import Difference
from services.operations.usecases.replay.replaying import Behind, Forked, Replayed, replay
from shared.messaging.replay import Rebuilding, Table

__all__ = ("Behind", "Difference", "Forked", "Rebuilding", "Replayed", "Table", "replay")
