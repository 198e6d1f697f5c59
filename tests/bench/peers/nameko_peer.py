"""Nameko: event-driven methods over kombu and eventlet; acknowledged after the handler, ten workers."""

import eventlet

eventlet.monkey_patch()

import sys  # noqa: E402 - eventlet wants to come first
from typing import Any  # noqa: E402 - same

import psycopg  # noqa: E402 - same
from nameko.containers import ServiceContainer  # noqa: E402 - same
from nameko.events import event_handler  # noqa: E402 - same
from nameko.standalone.events import event_dispatcher  # noqa: E402 - same

from tests.bench.hop.job import (  # noqa: E402 - same
    CONNECTIONS,
    EFFECT_PSYCOPG,
    SENDERS,
    Order,
    Payload,
    paced,
    payload_of,
    ready_and_go,
    say,
    stay,
)

order = Order.from_environment()
config: dict[str, Any] = {
    "AMQP_URI": order.target_amqp,
    "max_workers": CONNECTIONS,
    "prefetch_count": 100,
    "serializer": "json",
}
free: list[psycopg.Connection[Any]] = []


class Listener:
    """Hears what the sender tells."""

    name = "listener"

    @event_handler("sender", "applied")
    def apply(self, event: Payload) -> None:
        """Leave the two rows."""
        connection = free.pop() if free else psycopg.connect(order.target, autocommit=True)
        connection.execute(EFFECT_PSYCOPG, (event["event_id"], event["request_id"], event["text"]))
        free.append(connection)


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        container = ServiceContainer(Listener, config=config)
        container.start()
        say("ready")
        container.wait()
    else:
        dispatch = event_dispatcher(config, use_confirms=True, mandatory=True)
        ready_and_go()
        greens = eventlet.GreenPool(SENDERS)
        for number in paced(order):
            greens.spawn(dispatch, "sender", "applied", payload_of(order, number))
        greens.waitall()
        stay()
