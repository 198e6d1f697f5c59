"""Where the broker is: one address, or one per node of a cluster; who loses a node goes on with another."""

import asyncio
import contextlib
import random
import re
from collections import deque

import aio_pika
import aio_pika.exceptions
import aiormq.exceptions
from aio_pika.abc import AbstractConnection
from aio_pika.robust_connection import RobustConnection
from yarl import URL

HEARTBEAT = 5
"""Seconds between two signs of life. aiormq gives up after three: 18 s with a node that is frozen, not gone."""

CONNECT_WITHIN = 5.0
"""Seconds for one address to answer; a frozen node takes a connection and never says a word."""

BROKER_AWAY = (
    OSError,
    TimeoutError,
    RuntimeError,
    aio_pika.exceptions.AMQPError,
    aiormq.exceptions.AMQPError,
    asyncio.InvalidStateError,
)
"""What a publish raises while the broker is away or refuses: the event stays in the outbox."""

_BETWEEN = re.compile(r"\s*,\s*(?=amqps?://)")
"""A comma within a password separates nothing."""


class NodeLostError(ConnectionError):
    """The node that was to answer gave no sign of life any more."""


class _NodeLossAsError:
    """Raises `NodeLostError` where aiormq ends what waited on a frozen connection as if its task had been cancelled.

    Without it a task that nobody cancelled ends for good, and without a word. Goes inside of an `asyncio.timeout`.
    A connection that ends during its handshake, which aiormq tells by `StopAsyncIteration`, is lost too.
    """

    def __enter__(self) -> None:
        """Begin."""

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """End."""
        if error is not None and issubclass(error, StopAsyncIteration):
            raise NodeLostError from None
        if error is None or not issubclass(error, asyncio.CancelledError):
            return
        task = asyncio.current_task()
        if task is not None and not task.cancelling():
            raise NodeLostError from None


def node_loss_as_error() -> _NodeLossAsError:
    """Tell what was lost from what was cancelled, while the block runs."""
    return _NodeLossAsError()


class BrokerAddresses:
    """The addresses of one connection, one after the other, from a place of its own so that nodes share the load."""

    def __init__(self, amqp_url: str, name: str) -> None:
        """Take `amqp_url`, one address or several separated by commas, and the name that the broker will show.

        Raises `ValueError` when there is no address in it.
        """
        told = [URL(one) for one in _BETWEEN.split(amqp_url.strip()) if one]
        if not told:
            raise ValueError("give RabbitMQ's address, or those of its nodes separated by commas")
        named = [URL(url.update_query({"heartbeat": HEARTBEAT, **url.query, "name": name})) for url in told]
        self._urls = deque(random.sample(named, len(named)))

    def __len__(self) -> int:
        """Count them."""
        return len(self._urls)

    @property
    def now(self) -> URL:
        """The one to use now."""
        return self._urls[0]

    def next(self) -> URL:
        """Leave the one that was used until now for last."""
        self._urls.rotate(-1)
        return self.now

    def turn(self, connection: AbstractConnection | None, _error: BaseException | None = None) -> None:
        """Have a connection that was lost, or refused, made again by the next address: aio-pika's close callback."""
        if isinstance(connection, RobustConnection):
            connection.url = self.next()


def user_of(amqp_url: str) -> str:
    """Give the user of the broker that an address names; RabbitMQ's own default where it names none."""
    return BrokerAddresses(amqp_url, "").now.user or "guest"


async def connect(amqp_url: str, name: str, *, within: float) -> AbstractConnection:
    """Connect to the first node that answers, for a moment; raises what the last one refused with."""
    addresses = BrokerAddresses(amqp_url, name)
    each = within / len(addresses)
    for _ in range(len(addresses) - 1):
        with contextlib.suppress(OSError, TimeoutError, aio_pika.exceptions.AMQPError):
            return await _connected(addresses.now, each)
        addresses.next()
    return await _connected(addresses.now, each)


async def _connected(url: URL, within: float) -> AbstractConnection:
    connection = aio_pika.Connection(url)
    try:
        await connection.connect(timeout=within)
    except BaseException:
        await connection.close()  # or it would try to when it is collected, in whatever loop there is then
        raise
    return connection


RECONNECT_EVERY = 1.0
"""Seconds between two attempts; the first one comes at once."""


class FailoverConnection(RobustConnection):
    """An aio-pika connection that restores itself over several addresses: after each loss and refusal by the next one.

    FastStream makes its connection itself; `BrokerAddresses.turn`, given as its `on_close`, does the same for it.
    """

    def __init__(self, addresses: BrokerAddresses) -> None:
        """`addresses` begin with the one that is used first."""
        super().__init__(addresses.now, reconnect_interval=RECONNECT_EVERY)
        self.close_callbacks.add(addresses.turn)

    async def connect(self, timeout: float | None = CONNECT_WITHIN) -> None:  # noqa: ASYNC109 - aio-pika's own signature
        """Connect by the current address; closes the connection where that fails or is cancelled.

        aio-pika would go on trying in the background, and warn when the connection is collected.
        """
        try:
            await super().connect(timeout)
        except BaseException:
            await self.close()
            raise
