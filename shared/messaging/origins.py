"""Who published what: the one place that maps a broker user to the sources and queues that belong to it (ADR 36).

RabbitMQ validates the property `user_id` of each message against the connection that publishes it. A listener therefore
knows the account, and applies an event only if its `source` belongs to that account.

| user | sources | queues |
|---|---|---|
| `intake`, and each other service | `/intake` and all below it | `intake`, `intake.<instance>` |
| `qualification.95`, an instance of a service | `/qualification/95` | `qualification.95` |
| `form.NAME` | `/forms/NAME` | none |
| others (`operator`, `supervisor`, …) | none, unless the setting `BROKER_SOURCES` gives them some | none |
"""

import re
from collections.abc import Iterable, Mapping

SERVICES = ("intake", "qualification", "escalation", "notifications")
"""The services that publish; each has a broker user of its name."""

_FORM_USER = "form."
_FORM_SOURCE = "/forms/"
_FORM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def is_form_name(name: str) -> bool:
    """Tell whether a foreign form may have this name: lower-case letters, digits and hyphens, forty at most."""
    return _FORM_NAME.fullmatch(name) is not None


def form_user(name: str) -> str:
    """Give the broker user of a foreign form."""
    return f"{_FORM_USER}{name}"


def form_source(name: str) -> str:
    """Give the only source of a foreign form."""
    return f"{_FORM_SOURCE}{name}"


def form_name(source: str) -> str | None:
    """Give the name of the foreign form that has this source; None where it is no form's source."""
    name = source.removeprefix(_FORM_SOURCE)
    return name if name != source and is_form_name(name) else None


def form_of_user(user: str | None) -> str | None:
    """Give the name of the foreign form whose account this is; None for any other user."""
    name = (user or "").removeprefix(_FORM_USER)
    return name if name != user and is_form_name(name) else None


class Origins:
    """Tells which sources and queues belong to a broker user."""

    def __init__(self, given: Mapping[str, Iterable[str]] | None = None) -> None:
        """Take the sources of users whose names do not say them; all below such a source belongs to it too."""
        self._given = {user: tuple(sources) for user, sources in (given or {}).items()}

    def of(self, user: str | None) -> tuple[str, ...]:
        """Give the sources of a user."""
        if not user:
            return ()
        if user in self._given:
            return self._given[user]
        if user.startswith(_FORM_USER):
            name = form_of_user(user)
            return (form_source(name),) if name else ()
        service, _, instance = user.partition(".")
        if service not in SERVICES:
            return ()
        return (f"/{service}/{instance}",) if instance else (f"/{service}",)

    def owns(self, user: str | None, source: str) -> bool:
        """Tell whether a source belongs to a user."""
        return any(source == own or source.startswith(f"{own}/") for own in self.of(user))

    def owns_queue(self, user: str | None, queue: str) -> bool:
        """Tell whether a queue belongs to a user: `qualification.95` is the queue of `/qualification/95`."""
        return queue.partition(".")[0] in SERVICES and self.owns(user, "/" + queue.replace(".", "/", 1))

    def speaks_for(self, user: str | None, service: str) -> bool:
        """Tell whether a user is one of a service's, whichever instance of it."""
        return service in SERVICES and any(own.split("/")[1:2] == [service] for own in self.of(user))
