"""Authenticity: checks the claims of a message against the account that published it, once, at the inbox (ADR 36).

RabbitMQ vouches for the account that published a message (`user_id`), and for nothing else: its envelope, its other
properties and, past the topic permissions, its routing key are what the publisher wrote.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.messaging.accounts import PUBLISHES, Origins, form_of_user
from shared.messaging.control_messages import REQUESTS
from shared.messaging.envelope import Envelope, Unreadable

FORM_PUBLISHES = "forms.request_filed"


class Reason(StrEnum):
    """Why a message is forged; the value is the reason in quarantine."""

    SOURCE = "forged_source"
    """The account that published it does not own its source, or there is none."""
    TYPE = "forged_type"
    """Its source does not publish this type."""
    ROUTING_KEY = "forged_routing_key"
    """Its routing key is that of another type or another département."""
    SUBJECT = "forged_subject"
    """Its data is about another request than its stream."""
    DEPARTEMENT = "forged_departement"
    """Its source, its envelope and its data name different départements."""


class Forged(Unreadable):
    """A message contradicts itself, or the account that published it."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sender:
    """The account that published a message and the routing key, as the broker gives them."""

    user: str | None
    routing_key: str

    @property
    def is_foreign(self) -> bool:
        """Whether a foreign form published it: by its account, or by the routing key of forms."""
        return form_of_user(self.user) is not None or f"{self.routing_key}.".startswith(f"{FORM_PUBLISHES}.")


class Authenticity:
    """Checks the messages of one queue."""

    def __init__(self, origins: Origins, queue: str) -> None:
        self._origins = origins
        self._queue = queue

    def check(self, envelope: Envelope, sender: Sender) -> None:
        """Raise `Forged` for an event whose envelope, data and sender do not agree."""
        if not self._origins.owns(sender.user, envelope.source):
            raise Forged(Reason.SOURCE)
        check_type(envelope)
        self._check_key(envelope, sender)
        if envelope.sequence is not None:
            _check_data(envelope)

    def check_control(self, envelope: Envelope, sender: Sender) -> None:
        """Raise `Forged` for a control message of another account, or about streams or queues of another."""
        data: dict[str, Any] = envelope.data if isinstance(envelope.data, dict) else {}
        service, what, _ = envelope.type.split(".")
        user = sender.user
        if not self._origins.speaks_for(user, service) or envelope.source.split("/")[1:2] != [service]:
            raise Forged(Reason.SOURCE)
        self._check_key(envelope, sender)
        queue, source = data.get("queue"), data.get("source")
        if what in REQUESTS:
            owned = queue is None or (isinstance(queue, str) and self._origins.owns_queue(user, queue))
        else:
            owned = isinstance(source, str) and self._origins.owns(user, source)
        if not owned:
            raise Forged(Reason.SOURCE)

    def _check_key(self, envelope: Envelope, sender: Sender) -> None:
        """Raise `Forged` where the routing key is not that of type and département.

        A message that was resent or dead-lettered has the queue's name as its routing key. The third word of a form's
        key is not checked: the broker lets a form write `v1` or nothing there.
        """
        if sender.routing_key == self._queue:
            return
        key = envelope.type.rpartition(".")[0]
        words = sender.routing_key.split(".", 2)
        departement = None if key == FORM_PUBLISHES else envelope.departement
        if words[:2] != key.split(".") or (departement and words[2:] != [departement]):
            raise Forged(Reason.ROUTING_KEY)


def check_type(envelope: Envelope) -> None:
    """Raise `Forged` for a type that the source does not publish."""
    publisher = "".join(envelope.source.split("/")[1:2])
    key = envelope.type.rpartition(".")[0]
    published = PUBLISHES.get(publisher, (FORM_PUBLISHES,))
    if not any(key == prefix or key.startswith(f"{prefix}.") for prefix in published):
        raise Forged(Reason.TYPE)


def _check_data(envelope: Envelope) -> None:
    """Raise `Forged` where the data of an event does not belong to its stream."""
    data: dict[str, Any] = envelope.data if isinstance(envelope.data, dict) else {}
    if str(data.get("request_id")) != envelope.subject:
        raise Forged(Reason.SUBJECT)
    if data.get("departement") != envelope.departement:
        raise Forged(Reason.DEPARTEMENT)
    _, _, *instance = envelope.source.split("/", 2)
    # A département that hands a request over publishes to the one that receives it.
    if instance and instance[0] not in {data.get("departement"), data.get("from_departement")}:
        raise Forged(Reason.DEPARTEMENT)
