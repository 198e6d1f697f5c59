"""Load what each service provides to operations (replay, settings) by the entry points in `pyproject.toml`.

Operators know the names of the services and nothing of their code (ADR 45).
"""

from importlib.metadata import entry_points
from typing import Any

from shared.messaging.replay import Rebuilding
from shared.settings import ServiceSettings

REPLAY = "cousu_main.replay"
SETTINGS = "cousu_main.settings"


class NotProvidedError(LookupError):
    """The installation has no such entry point: the service is not installed here, or an older version is."""


def rebuilding(service: str) -> Rebuilding:
    """Return how a service is rebuilt from the journals. Raises `NotProvidedError`."""
    rebuilt: Rebuilding = _provided(REPLAY, service)()
    return rebuilt


def settings_of(service: str) -> type[ServiceSettings]:
    """Return the settings of a service. Raises `NotProvidedError`."""
    settings: type[ServiceSettings] = _provided(SETTINGS, service)
    return settings


def _provided(group: str, service: str) -> Any:
    for entry in entry_points(group=group, name=service):
        return entry.load()
    raise NotProvidedError(
        f"{service} provides no entry point {group}: install it again (in a checkout, `make assets`)"
    )
