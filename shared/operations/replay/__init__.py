"""Is what a service shows what the journals tell? It is rebuilt from them into an empty database, and compared."""

from shared.operations.replay.comparison import Difference
from shared.operations.replay.rebuilding import Rebuilding, Table
from shared.operations.replay.replaying import Behind, Forked, Replayed, replay

__all__ = ("Behind", "Difference", "Forked", "Rebuilding", "Replayed", "Table", "replay")
