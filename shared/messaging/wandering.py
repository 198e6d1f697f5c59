"""FastStream's broker over several addresses: after each loss and each refusal it turns to the next."""

import asyncio
from functools import partial
from types import TracebackType
from typing import Any

from aio_pika.robust_connection import RobustConnection
from faststream.rabbit import RabbitBroker
from yarl import URL

from shared.messaging.addresses import CONNECT_WITHIN, Addresses

RECONNECT_EVERY = 1.0
"""Seconds between two attempts; the first one comes at once."""


class _Wandering(RobustConnection):
    """aio-pika's own robust connection, which after each loss and each refusal turns to the next address."""

    def __init__(self, _url: URL, *, addresses: Addresses, **options: Any) -> None:
        super().__init__(addresses.now, **options)
        self._addresses = addresses

    async def connect(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - aio-pika's own signature
        try:
            await super().connect(timeout)
        except BaseException:
            await self.close()  # or it would try on for ever if it was cancelled, and be warned of when it is collected
            raise

    async def _on_connection_close(self, closing: asyncio.Future[Any]) -> None:
        self.url = self._addresses.next()
        await super()._on_connection_close(closing)


class WanderingBroker(RabbitBroker):
    """FastStream's broker over several addresses."""

    def __init__(self, amqp_url: str, *, name: str, **options: Any) -> None:
        """Take the addresses as one text, the connection's name, and what FastStream's own broker takes."""
        addresses = Addresses(amqp_url, name)
        super().__init__(
            addresses.now, reconnect_interval=RECONNECT_EVERY, timeout=CONNECT_WITHIN, logger=None, **options
        )
        self._connection_kwargs["connection_class"] = partial(_Wandering, addresses=addresses)

    async def stop(
        self,
        exc_type: type[BaseException] | None = None,
        exc_val: BaseException | None = None,
        exc_tb: TracebackType | None = None,
    ) -> None:
        """Close the connection, and its channels with it.

        FastStream closes its channel first. A broker that does not answer keeps it there until a timeout cancels it,
        and the connection is never closed: aio-pika's task then reconnects for ever, whoever cancels it, also when
        the event loop ends.
        """
        connection, self._connection, self._channel = self._connection, None, None
        try:
            if connection is not None:
                await connection.close()
        finally:
            await super().stop(exc_type, exc_val, exc_tb)
