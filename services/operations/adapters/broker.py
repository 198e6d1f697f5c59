"""RabbitMQ client for operators: queue depths and consumers, and a channel to move messages."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote, unquote, urlsplit

import aio_pika.abc
import aio_pika.exceptions
import httpx2
from prometheus_client.parser import text_string_to_metric_families
from pydantic import BaseModel

from services.operations.adapters import probes
from shared.errors import Unavailable
from shared.messaging.connection import BROKER_AWAY, BrokerAddresses, connect

NAME = "cousu-main operations"
PATIENCE = 3.0
"""Seconds after which a broker that does not answer counts as away."""

READY = "rabbitmq_detailed_queue_messages_ready"
UNACKNOWLEDGED = "rabbitmq_detailed_queue_messages_unacked"
CONSUMERS = "rabbitmq_detailed_queue_consumers"


class BrokerAway(Unavailable):
    """RabbitMQ does not answer; nothing was moved (HTTP 503)."""

    code = "broker_away"
    title = "RabbitMQ does not answer"
    sentence = "La messagerie (RabbitMQ) ne répond pas. Rien n’est perdu\u00a0: réessayez quand elle sera revenue."


class Queue(BaseModel):
    """One queue: messages that wait, messages in the hands of consumers, consumers, and messages a second."""

    name: str
    exists: bool = True
    ready: int = 0
    unacknowledged: int | None = None
    consumers: int = 0
    rate_in: float | None = None
    rate_out: float | None = None


class Broker:
    """RabbitMQ, as a user who reads what nobody listens to, publishes nothing and declares nothing.

    Each address may be several, those of a cluster's nodes, separated by commas.
    """

    def __init__(self, amqp_url: str, *, management_url: str | None = None, metrics_url: str | None = None) -> None:
        self._amqp_url = amqp_url
        self._vhost = unquote(BrokerAddresses(amqp_url, NAME).now.raw_path[1:]) or "/"
        self._management = [_without_password(url) for url in _several(management_url)]
        self._metrics_urls = _several(metrics_url)

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
        """Open a channel on which a publish raises unless the broker has the message in a queue.

        Refuses (`BrokerAway`) when there is no broker.
        """
        try:
            connection = await connect(self._amqp_url, NAME, within=PATIENCE)
        except BROKER_AWAY as error:
            raise BrokerAway from error
        try:
            async with connection:
                yield await connection.channel(publisher_confirms=True, on_return_raises=True)
        except (aio_pika.exceptions.AMQPConnectionError, aio_pika.exceptions.ChannelInvalidStateError) as error:
            raise BrokerAway from error

    async def queues(self, expected: Iterable[str], listened: Iterable[str] = ()) -> list[Queue]:
        """Return every queue by name; expected ones that do not exist are marked as such.

        The figures lag by seconds: a queue of `listened` that seems to have no consumer is asked itself.
        Refuses (`BrokerAway`) when there is no broker.
        """
        names = set(expected)
        found = await self._measured()
        silent = {name for name in listened if name in found and not found[name].consumers}
        if doubtful := names - found.keys() | silent:
            for name in silent:
                del found[name]
            found |= await self._asked(doubtful)
        rates = await self._rates()
        for name in names - found.keys():
            found[name] = Queue(name=name, exists=False)
        for name, queue in found.items():
            queue.rate_in, queue.rate_out = rates.get(name, (None, None))
        return [found[name] for name in sorted(found)]

    async def _measured(self) -> dict[str, Queue]:
        """Read Prometheus' figures, which are of this moment; each node has those of the queues that it leads."""
        found: dict[str, Queue] = {}
        for text in await asyncio.gather(*(self._metrics_of(url) for url in self._metrics_urls)):
            self._read_metrics(text, found)
        return found

    async def _metrics_of(self, url: str) -> str:
        """Fetch one node's figures; nothing from a node that is away."""
        wanted = {"family": ["queue_coarse_metrics", "queue_consumer_count"], "vhost": self._vhost}
        try:
            async with probes.client(PATIENCE) as client:
                answer = await client.get(f"{url}/metrics/detailed", params=wanted)
                answer.raise_for_status()
        except httpx2.HTTPError:
            return ""
        return answer.text

    def _read_metrics(self, text: str, found: dict[str, Queue]) -> None:
        for family in text_string_to_metric_families(text):
            if family.name not in {READY, UNACKNOWLEDGED, CONSUMERS}:
                continue
            for sample in family.samples:
                if sample.labels.get("vhost") != self._vhost:
                    continue
                name = sample.labels["queue"]
                queue = found.setdefault(name, Queue(name=name))
                if family.name == READY:
                    queue.ready = int(sample.value)
                elif family.name == UNACKNOWLEDGED:
                    queue.unacknowledged = int(sample.value)
                else:
                    queue.consumers = int(sample.value)

    async def _asked(self, names: Iterable[str]) -> dict[str, Queue]:
        """Ask the queues themselves, which costs a channel each: asking for a missing one closes it."""
        found: dict[str, Queue] = {}
        try:
            async with asyncio.timeout(PATIENCE), await connect(self._amqp_url, NAME, within=PATIENCE) as connection:
                for name in names:
                    try:
                        async with connection.channel() as channel:
                            answered = (await channel.declare_queue(name, passive=True)).declaration_result
                    except aio_pika.exceptions.ChannelNotFoundEntity:
                        continue
                    found[name] = Queue(
                        name=name, ready=answered.message_count or 0, consumers=answered.consumer_count or 0
                    )
        except BROKER_AWAY as error:
            raise BrokerAway from error
        return found

    async def _rates(self) -> dict[str, tuple[float | None, float | None]]:
        """Read how many messages a second go in and out, by queue, from the first node whose management API answers."""
        for url, auth in self._management:
            try:
                async with probes.client(PATIENCE, auth=auth) as client:
                    address = f"{url}/api/queues/{quote(self._vhost, safe='')}"
                    answer = await client.get(address, params={"columns": "name,message_stats"})
                    answer.raise_for_status()
                    answered = answer.json()
            except (httpx2.HTTPError, ValueError):
                continue
            return {queue["name"]: _rates_of(queue.get("message_stats") or {}) for queue in answered}
        return {}


def _several(urls: str | None) -> list[str]:
    return [url.strip().rstrip("/") for url in (urls or "").split(",") if url.strip()]


def _without_password(url: str) -> tuple[str, httpx2.BasicAuth | None]:
    """Split user and password from an address: an address that is written down, such as in a log, has neither."""
    parts = urlsplit(url)
    if parts.username is None:
        return url, None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, httpx2.BasicAuth(unquote(parts.username), unquote(parts.password or ""))


def _rates_of(stats: dict[str, Any]) -> tuple[float | None, float | None]:
    return tuple(  # type: ignore[return-value] # two names make two rates
        stats[name].get("rate") if name in stats else None for name in ("publish_details", "ack_details")
    )
