"""Run a private epmd (Erlang's port mapper) for the RabbitMQ nodes of the embedded run."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from deploy.local.child import Child, DidNotStart, left_free, listening

_READY_WITHIN = 10.0


class LocalEpmd:
    """An `epmd` on a port of loopback; a node that lost it registers again by itself."""

    def __init__(self, command: Path, port: int, *, log: Path, environment: Mapping[str, str]) -> None:
        self.port = port
        self._child = Child("epmd", [command], log=log, environment={**environment, **self.environment})
        self._starting = asyncio.Lock()

    @property
    def environment(self) -> dict[str, str]:
        """Variables with which a node finds it."""
        return {"ERL_EPMD_PORT": str(self.port), "ERL_EPMD_ADDRESS": "127.0.0.1"}

    @property
    def alive(self) -> bool:
        """Return whether it runs now."""
        return self._child.alive

    async def start(self) -> None:
        """Start it if it does not run. Raises `DidNotStart` with the end of the log."""
        async with self._starting:
            if self.alive:
                return
            await left_free(self.port)
            self._child.start()
            try:
                async with asyncio.timeout(_READY_WITHIN):
                    while not listening(self.port):  # noqa: ASYNC110 - a port that opens sets no event
                        await asyncio.sleep(0.02)
            except TimeoutError:
                await self.stop()
                raise DidNotStart(
                    f"epmd did not start; {self._child.log} ends with:\n{self._child.last_words()}"
                ) from None

    async def stop(self) -> None:
        """Stop it; the nodes go on."""
        await self._child.stop(patience=2.0)
