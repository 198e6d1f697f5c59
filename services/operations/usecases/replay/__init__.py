"""Replay: rebuild a service from the journals into an empty database, and compare it with the live one."""

from services.operations.usecases.replay.comparison import Difference
from services.operations.usecases.replay.replaying import Behind, Forked, Replayed, replay
from shared.messaging.replay import Rebuilding, Table

__all__ = ("Behind", "Difference", "Forked", "Rebuilding", "Replayed", "Table", "replay")
