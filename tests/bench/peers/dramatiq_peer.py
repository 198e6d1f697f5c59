"""Dramatiq: as many processes as cores, eight threads each, confirmed delivery; it acknowledges late by itself."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import dramatiq
import psycopg
from dramatiq.brokers.rabbitmq import RabbitmqBroker

from tests.bench.hop.job import (
    EFFECT_PSYCOPG,
    QUEUE,
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


class TellReady(dramatiq.Middleware):
    """Lets the harness know."""

    def after_worker_boot(self, _broker: Any, _worker: Any) -> None:
        """Say it once this process consumes."""
        say("ready")


broker = RabbitmqBroker(url=order.target_amqp, confirm_delivery=True)
broker.add_middleware(TellReady())
dramatiq.set_broker(broker)
own = threading.local()


@dramatiq.actor(queue_name=QUEUE)
def apply(event: Payload) -> None:
    """Leave the two rows."""
    if not hasattr(own, "connection"):
        own.connection = psycopg.connect(order.target, autocommit=True)
    own.connection.execute(EFFECT_PSYCOPG, (event["event_id"], event["request_id"], event["text"]))


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        command = [
            sys.executable,
            "-m",
            "dramatiq",
            "tests.bench.peers.dramatiq_peer",
            "--processes",
            "2",
            "--threads",
            "8",
        ]
        subprocess.run(command, check=False)  # noqa: S603 - our own program
    else:
        ready_and_go()
        with ThreadPoolExecutor(SENDERS) as threads:
            for number in paced(order):
                threads.submit(apply.send, payload_of(order, number))
        stay()
