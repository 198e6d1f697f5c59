"""A proxy between a service and a server that cuts, tears, stalls or slows the connection."""

import asyncio
import contextlib
import random
from dataclasses import dataclass, field

_PIECE = 65_536


@dataclass(eq=False, slots=True)
class _Way:
    """One connection that goes through: both ends of it."""

    service: asyncio.StreamWriter
    server: asyncio.StreamWriter
    dark: bool = False
    """Whether all that it carries is dropped, the end of a connection included."""

    def cut(self) -> None:
        """Reset both ends; what was on its way is gone."""
        for end in (self.service, self.server):
            end.transport.abort()


@dataclass(slots=True)
class Link:
    """A port of loopback that leads to another one, for as long and as well as the harness wants it to."""

    to_port: int
    port: int = 0
    open: bool = True
    """Whether a new connection is let through; else it is reset at once."""
    slow: float = 0.0
    """Seconds, at most, that each piece is late."""
    tears: bool = False
    """Whether the next piece is the last of its connection, and is cut in the middle."""
    _ways: set[_Way] = field(default_factory=set)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _to_server: asyncio.Event = field(default_factory=asyncio.Event)
    _to_service: asyncio.Event = field(default_factory=asyncio.Event)
    _listener: asyncio.Server | None = None

    async def start(self) -> None:
        """Listen on a free port."""
        self._to_server.set()
        self._to_service.set()
        self._listener = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._listener.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no more, and cut what is there."""
        if self._listener is not None:
            self._listener.close()
        self.cut()
        for task in self._tasks:
            task.cancel()

    def cut(self) -> int:
        """Reset all connections; tell how many."""
        ways = list(self._ways)
        for way in ways:
            way.cut()
        return len(ways)

    def drop(self, port: int) -> bool:
        """Drop from now on all that goes over one connection, named by the port that the server sees; cut nothing.

        Tells whether there is such a connection.
        """
        for way in self._ways:
            if way.server.get_extra_info("sockname")[1] == port:
                way.dark = True
                return True
        return False

    def stall(self, *, to_server: bool = True, to_service: bool = True) -> int:
        """Let nothing through in these directions, and say nothing; tell how many connections hang."""
        if to_server:
            self._to_server.clear()
        if to_service:
            self._to_service.clear()
        return len(self._ways)

    def flow(self) -> None:
        """Let everything through again."""
        self.open, self.slow, self.tears = True, 0.0, False
        self._to_server.set()
        self._to_service.set()

    @property
    def used(self) -> int:
        """How many connections go through it now."""
        return len(self._ways)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        if not self.open:
            writer.transport.abort()
            return
        try:
            from_server, to_server = await asyncio.open_connection("127.0.0.1", self.to_port)
        except OSError:
            writer.transport.abort()
            return
        way = _Way(writer, to_server)
        self._ways.add(way)
        try:
            await asyncio.gather(
                self._carry(reader, to_server, way, self._to_server),
                self._carry(from_server, writer, way, self._to_service),
            )
        finally:
            self._ways.discard(way)
            way.cut()

    async def _carry(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, way: _Way, let: asyncio.Event
    ) -> None:
        with contextlib.suppress(OSError):
            while piece := await source.read(_PIECE):
                await let.wait()
                if way.dark:
                    continue
                if self.slow:
                    await asyncio.sleep(random.uniform(0, self.slow))  # noqa: S311 - no secret depends on it
                if self.tears and len(piece) > 1:
                    self.tears = False
                    target.write(piece[: len(piece) // 2])
                    await target.drain()
                    break
                target.write(piece)
                await target.drain()
            if way.dark:
                return
            with contextlib.suppress(OSError, RuntimeError):
                await target.drain()
                target.close()
                return
        way.cut()
