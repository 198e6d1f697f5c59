"""FastStream's broker over several addresses; apart, for operators' commands connect without loading FastStream."""

from functools import partial
from types import TracebackType
from typing import Any

from faststream.rabbit import RabbitBroker

from shared.messaging.connection import CONNECT_WITHIN, RECONNECT_EVERY, BrokerAddresses, FailoverConnection


class FailoverBroker(RabbitBroker):
    """FastStream's broker over several addresses."""

    def __init__(self, amqp_url: str, *, name: str, **options: Any) -> None:
        """Take the addresses as one text, the connection's name, and what FastStream's own broker takes."""
        addresses = BrokerAddresses(amqp_url, name)
        super().__init__(
            addresses.now, reconnect_interval=RECONNECT_EVERY, timeout=CONNECT_WITHIN, logger=None, **options
        )
        self._connection_kwargs["connection_class"] = partial(FailoverConnection, addresses=addresses)

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
