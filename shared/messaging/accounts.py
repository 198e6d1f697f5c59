"""Broker accounts: which sources and queues belong to each, and its rights on the broker (ADR 36).

RabbitMQ validates the property `user_id` of each message against the connection that publishes it. A listener therefore
knows the account, and applies an event only if its `source` belongs to that account.

| account | sources | queues |
|---|---|---|
| `intake`, and each other service | `/intake` and all below it | `intake`, `intake.<instance>` |
| `qualification.95`, an instance of a service | `/qualification/95` | `qualification.95` |
| `form.NAME` | `/forms/NAME` | none |
| others (`operator`, `supervisor`, …) | none, unless the setting `BROKER_SOURCES` gives them some | none |

| account | declares | publishes | binds and reads |
|---|---|---|---|
| a service | its queues | its events to `cousumain.<service>`, and again to one queue | what it consumes |
| `form.NAME` | nothing | `forms.request_filed` to `cousumain` | its queue `form.NAME` |
| `operator` | nothing | nothing | `unrouted` |
| `supervisor` | everything | everything | everything |

Intake also reads `unrouted`, for what forms filed before its queue was there; it may consume what lies there anyway.
A service alone reads its dead letters: whoever else read them would be believed about who published them.

No service may write to `cousumain`. RabbitMQ checks a routing key only where a client publishes: an exchange of one's
own that is bound to `cousumain`, or has it as alternate or dead-letter exchange, would get round the check, and all
three need that right. The exchange of each service is bound to `cousumain` by the supervisor, for that service's keys.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from shared.messaging.names import DEAD_EXCHANGE, EXCHANGE, RESEND_EXCHANGE, UNROUTED_QUEUE, exchange_of

SERVICES = ("intake", "qualification", "escalation", "notifications")
"""The services that publish; each has a broker account of its name."""

_FORM_USER = "form."
_FORM_SOURCE = "/forms/"
_FORM_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")


def is_form_name(name: str) -> bool:
    """Return whether a foreign form may have this name: lower-case letters, digits and hyphens, forty at most."""
    return _FORM_NAME.fullmatch(name) is not None


def form_user(name: str) -> str:
    """Return the broker user of a foreign form."""
    return f"{_FORM_USER}{name}"


def form_source(name: str) -> str:
    """Return the only source of a foreign form."""
    return f"{_FORM_SOURCE}{name}"


def form_name(source: str) -> str | None:
    """Return the name of the foreign form that has this source; None where it is no form's source."""
    name = source.removeprefix(_FORM_SOURCE)
    return name if name != source and is_form_name(name) else None


def form_of_user(user: str | None) -> str | None:
    """Return the name of the foreign form whose account this is; None for any other user."""
    name = (user or "").removeprefix(_FORM_USER)
    return name if name != user and is_form_name(name) else None


class Origins:
    """The sources and queues that belong to each account."""

    def __init__(self, given: Mapping[str, Iterable[str]] | None = None) -> None:
        """`given` are the sources of accounts whose names do not imply them; paths below a source belong to it."""
        self._given = {user: tuple(sources) for user, sources in (given or {}).items()}

    def of(self, user: str | None) -> tuple[str, ...]:
        """Return the sources of an account."""
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
        """Return whether a source belongs to an account."""
        return any(source == own or source.startswith(f"{own}/") for own in self.of(user))

    def owns_queue(self, user: str | None, queue: str) -> bool:
        """Return whether a queue belongs to an account: `qualification.95` is the queue of `/qualification/95`."""
        return queue.partition(".")[0] in SERVICES and self.owns(user, "/" + queue.replace(".", "/", 1))

    def speaks_for(self, user: str | None, service: str) -> bool:
        """Return whether an account is that of a service or of an instance of it."""
        return service in SERVICES and any(own.split("/")[1:2] == [service] for own in self.of(user))


OPERATOR: Final = "operator"
SUPERVISOR: Final = "supervisor"
NOTHING: Final = "^$"
EVERYTHING: Final = ".*"

CONSUMES: Final[Mapping[str, str]] = {
    "intake": r"(qualification|escalation|notifications)\..+|forms\.(request_filed|alone_heads)\..+",
    "qualification": (
        r"(intake|escalation|notifications)\..+"
        r"|qualification\.(request_transferred|exchanges_transferred|alone_heads)\..+"
    ),
    "escalation": r"(intake|qualification|notifications)\..+",
    "notifications": r"(intake|qualification|escalation)\..+|forms\.(request_refused|alone_heads)\..+",
}
"""Binding keys of a service's queues, as regular expressions; the control messages to all come besides."""

PUBLISHES: Final[Mapping[str, tuple[str, ...]]] = {
    **{service: (service,) for service in SERVICES},
    "intake": ("intake", "forms.request_accepted", "forms.request_refused"),
}
"""Prefixes of the routing keys that a service publishes with: its events, and intake's answers to forms."""

_ASKED = r"\*\.(heads_wanted|events_missing|stream_forked)\.#"
_QUEUES: Final[Mapping[str, str]] = {
    **{service: service for service in SERVICES},
    "qualification": r"qualification(\.(\d{2,3}|2[AB]))?",
}
"""What a service's queues may be called: an instance of qualification for one département has its own."""

_READS_BESIDE: Final[Mapping[str, tuple[str, ...]]] = {"intake": (UNROUTED_QUEUE,)}
"""Queues that a service reads beside its own."""


@dataclass(frozen=True, slots=True)
class Topic:
    """The routing keys that an account may publish to, and bind at, one topic exchange."""

    write: str = NOTHING
    read: str = NOTHING


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """An account of the broker and its rights, as RabbitMQ's regular expressions over names and routing keys."""

    name: str
    configure: str
    write: str
    read: str
    topics: Mapping[str, Topic] = field(default_factory=dict)
    tags: tuple[str, ...] = ()

    def permission(self, vhost: str) -> dict[str, str]:
        """Return its rights on resources, as in RabbitMQ's definitions."""
        return {"user": self.name, "vhost": vhost, "configure": self.configure, "write": self.write, "read": self.read}

    def topic_permissions(self, vhost: str) -> list[dict[str, str]]:
        """Return the routing keys it may publish and bind, exchange by exchange, as in RabbitMQ's definitions."""
        return [
            {"user": self.name, "vhost": vhost, "exchange": exchange, "write": topic.write, "read": topic.read}
            for exchange, topic in self.topics.items()
        ]


def _service(name: str) -> BrokerUser:
    """Return the account of a service."""
    queue = _QUEUES[name]
    own = exchange_of(name)
    publishes = "|".join(re.escape(prefix) for prefix in PUBLISHES[name])
    return BrokerUser(
        name,
        configure=rf"^{queue}(\.dead)?$",
        write=_one_of(rf"{queue}(\.dead)?", re.escape(own), re.escape(RESEND_EXCHANGE), re.escape(DEAD_EXCHANGE)),
        read=_one_of(
            rf"{queue}(\.dead)?",
            *(re.escape(one) for one in (EXCHANGE, RESEND_EXCHANGE, DEAD_EXCHANGE)),
            *_READS_BESIDE.get(name, ()),
        ),
        topics={
            EXCHANGE: Topic(read=_one_of(CONSUMES[name], _ASKED)),
            own: Topic(write=rf"^({publishes})\..+$"),
            RESEND_EXCHANGE: Topic(write=_one_of(*_QUEUES.values()), read=rf"^{queue}$"),
            DEAD_EXCHANGE: Topic(write=rf"^{queue}$", read=rf"^{queue}$"),
        },
    )


def form(name: str) -> BrokerUser:
    """Return the account of a foreign form; its queue is declared by the supervisor."""
    user = form_user(name)
    return BrokerUser(
        user,
        configure=NOTHING,
        write=_one_of(re.escape(EXCHANGE)),
        read=_one_of(re.escape(user)),
        topics={EXCHANGE: Topic(write=r"^forms\.request_filed(\.[A-Za-z0-9]{1,10})?$")},
    )


def _one_of(*patterns: str) -> str:
    return f"^({'|'.join(patterns)})$"


USERS: Final = (
    *(_service(name) for name in SERVICES),
    BrokerUser(OPERATOR, NOTHING, NOTHING, _one_of(UNROUTED_QUEUE), tags=("monitoring",)),
    BrokerUser(SUPERVISOR, EVERYTHING, EVERYTHING, EVERYTHING, tags=("administrator",)),
)
"""Every account but those of foreign forms."""
