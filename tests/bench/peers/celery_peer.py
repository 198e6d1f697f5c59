"""Celery: late acknowledgement, prefork, quorum queue, confirmed publishing."""

import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
from celery import Celery, signals
from kombu import Queue

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
app = Celery("bench", broker=order.target_amqp)
app.conf.update(
    broker_transport_options={"confirm_publish": True},
    broker_connection_retry_on_startup=True,
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    task_ignore_result=True,
    task_default_delivery_mode="persistent",
    task_queues=[Queue(QUEUE, queue_arguments={"x-queue-type": "quorum"})],
    task_default_queue=QUEUE,
    task_default_queue_type="quorum",
    worker_detect_quorum_queues=True,
    worker_prefetch_multiplier=50,
    worker_send_task_events=False,
    worker_redirect_stdouts=False,  # the harness reads them
)
connected: list[psycopg.Connection[Any]] = []


@signals.worker_process_init.connect
def connect(**_: Any) -> None:
    """Give each process its connection."""
    connected.append(psycopg.connect(order.target, autocommit=True))


@signals.worker_ready.connect
def tell(**_: Any) -> None:
    """Let the harness know."""
    say("ready")


@app.task(name="apply")
def apply(event: Payload) -> None:
    """Leave the two rows."""
    connected[0].execute(EFFECT_PSYCOPG, (event["event_id"], event["request_id"], event["text"]))


if __name__ == "__main__":
    if sys.argv[1] == "hear":
        app.worker_main(["worker", "--concurrency=2", "--without-gossip", "--without-mingle", "--loglevel=WARNING"])
    else:
        ready_and_go()
        with ThreadPoolExecutor(SENDERS) as threads:
            for number in paced(order):
                threads.submit(apply.delay, payload_of(order, number))
        stay()
