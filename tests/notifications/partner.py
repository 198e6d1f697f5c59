"""A partner's program: it keeps what it is given, and answers as it was told."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Partner:
    """What a partner got: the raw bodies and the headers, in order."""

    port: int = 0
    answer: str = "204 No Content"
    extra: str = ""
    """More headers of the answer, each with its end of line."""
    body: bytes = b""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    calls: int = 0
    waits_for: asyncio.Event | None = None
    """It answers once this is set; at once without one."""

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/evenements?de=cousu-main"

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it was told."""
        return [json.loads(body) for body in self.bodies]

    @property
    def types(self) -> list[str]:
        """What sort of things it was told."""
        return [event["type"] for event in self.events]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one call."""
        self.calls += 1
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        named = dict(line.split(": ", 1) for line in head[1:] if line)
        headers = {name.lower(): value for name, value in named.items()}
        self.headers.append(headers | {"": head[0]})
        self.bodies.append(await reader.readexactly(int(headers["content-length"])))
        if self.waits_for is not None:
            await self.waits_for.wait()
        self.extra += f"Content-Length: {len(self.body)}\r\n" if self.body else ""
        writer.write(f"HTTP/1.1 {self.answer}\r\n{self.extra}Connection: close\r\n\r\n".encode() + self.body)
        await writer.drain()
        writer.close()


@asynccontextmanager
async def a_partner(**options: Any) -> AsyncIterator[Partner]:
    """Let a partner's program listen on a free port while the block runs."""
    partner = Partner(**options)
    server = await asyncio.start_server(partner.serve, "127.0.0.1", 0)
    partner.port = server.sockets[0].getsockname()[1]
    async with server:
        yield partner
