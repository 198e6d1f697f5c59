"""Connections to RabbitMQ over several addresses: a lost or refused connection turns to the next node."""

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
"""Seconds between two heartbeats. aiormq closes a connection after three: 18 s for a frozen node."""

CONNECT_WITHIN = 5.0
"""Seconds for one address to accept a connection; a frozen node accepts it and never answers."""

BROKER_AWAY = (
    OSError,
    TimeoutError,
    RuntimeError,
    aio_pika.exceptions.AMQPError,
    aiormq.exceptions.AMQPError,
    asyncio.InvalidStateError,
)
"""Errors of an operation while the broker is away or refuses it; an event then stays in the outbox."""

_BETWEEN = re.compile(r"\s*,\s*(?=amqps?://)")
"""A comma between addresses; one within a password does not count."""


class NodeLostError(ConnectionError):
    """The node did not answer any more."""


class _NodeLossAsError:
    """Raises `NodeLostError` where aiormq cancels what waited on a frozen connection.

    Without it a task that nobody cancelled would end for good, silently. Use it inside of an `asyncio.timeout`.
    `StopAsyncIteration`, by which aiormq ends a handshake, becomes `NodeLostError` too.
    """

    def __enter__(self) -> None:
        """Enter."""

    def __exit__(self, error: type[BaseException] | None, *_: object) -> None:
        """Convert the error."""
        if error is not None and issubclass(error, StopAsyncIteration):
            raise NodeLostError from None
        if error is None or not issubclass(error, asyncio.CancelledError):
            return
        task = asyncio.current_task()
        if task is not None and not task.cancelling():
            raise NodeLostError from None


def node_loss_as_error() -> _NodeLossAsError:
    """Distinguish a lost node from a cancellation, while the block runs."""
    return _NodeLossAsError()


class BrokerAddresses:
    """The addresses of one connection, used in turn from a random one on, so that nodes share the load."""

    def __init__(self, amqp_url: str, name: str) -> None:
        """`amqp_url` is one address or several separated by commas, `name` what the broker shows for the connection.

        Raises `ValueError` without an address.
        """
        urls = [URL(one) for one in _BETWEEN.split(amqp_url.strip()) if one]
        if not urls:
            raise ValueError("give RabbitMQ's address, or those of its nodes separated by commas")
        named = [URL(url.update_query({"heartbeat": HEARTBEAT, **url.query, "name": name})) for url in urls]
        self._urls = deque(random.sample(named, len(named)))

    def __len__(self) -> int:
        """Return the number of addresses."""
        return len(self._urls)

    @property
    def now(self) -> URL:
        """The address in use."""
        return self._urls[0]

    def next(self) -> URL:
        """Turn to the next address and return it."""
        self._urls.rotate(-1)
        return self.now

    def turn(self, connection: AbstractConnection | None, _error: BaseException | None = None) -> None:
        """Turn a lost or refused connection to the next address; a close callback of aio-pika."""
        if isinstance(connection, RobustConnection):
            connection.url = self.next()


def user_of(amqp_url: str) -> str:
    """Return the account in an address; RabbitMQ's default without one."""
    return BrokerAddresses(amqp_url, "").now.user or "guest"


async def connect(amqp_url: str, name: str, *, within: float) -> AbstractConnection:
    """Connect to the first node that answers; raises the error of the last one. Does not reconnect."""
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
