"""The peers as contestants of the hop: each configured as its documentation advises for work that must not be lost."""

from tests.bench.hop.contestants import THEIRS, Contestant


def _peer(name: str, title: str, settings: str, *, durable: bool = False) -> Contestant:
    return Contestant(name, title, f"tests.bench.peers.{name}_peer", settings, python=THEIRS, durable=durable)


PEERS = (
    _peer(
        "celery",
        "Celery",
        "prefork, 2 processes; acks_late, reject_on_worker_lost, quorum queue, confirm_publish, results ignored, "
        "prefetch multiplier 50 (short tasks), no gossip, no mingle; 8 sending threads; psycopg, autocommit",
    ),
    _peer(
        "dramatiq",
        "Dramatiq",
        "2 processes (as many as cores), 8 threads each; confirm_delivery; its own durable classic queue; "
        "8 sending threads; psycopg, autocommit",
    ),
    _peer(
        "taskiq",
        "taskiq",
        "taskiq-aio-pika, 2 workers, 100 tasks at once, qos 100, ack when executed, quorum queue, "
        "200 confirmations under way",
    ),
    _peer(
        "faststream",
        "FastStream",
        "persist, confirms, quorum queue, prefetch 100, acknowledged after the handler; 200 confirmations under way",
    ),
    _peer(
        "nameko",
        "Nameko",
        "events, 10 workers, prefetch 100, confirms, persistent; its own durable classic queue; 8 sending threads",
    ),
    _peer(
        "outbox",
        "faststream-outbox",
        "relay of 20 workers, batches of 100, flushes of 50, to RabbitMQ and plain FastStream; "
        "rows committed beforehand",
        durable=True,
    ),
    _peer(
        "procrastinate",
        "procrastinate",
        "no broker: jobs in PostgreSQL, concurrency 10, listen_notify, done ones deleted; jobs committed beforehand",
        durable=True,
    ),
)
