"""A service that is told to stop leaves so that its clients do not notice, and does not stay for ever."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx2
import pytest
from litestar import Litestar, Request, get
from litestar.response import Stream

from shared.settings import ServiceSettings
from shared.web.server import ShutdownDelays, serve
from tests.polling import eventually

LONG = 60.0
"""Seconds that no test waits for: what is said to take so long must be cut short by something else."""


class Trial:
    """A small service: who asks, an answer that waits until it is wanted, and one that never ends."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        self.port = port
        self.wanted = asyncio.Event()
        self.asked = 0
        self.running: asyncio.Task[None] | None = None

    def application(self) -> Litestar:
        """Build it."""

        @get("/")
        async def who(request: Request[Any, Any, Any]) -> int:
            assert request.client is not None
            return request.client.port

        @get("/slow")
        async def slow() -> str:
            self.asked += 1
            await self.wanted.wait()
            return "done"

        @get("/endless")
        async def endless() -> Stream:
            async def drops() -> AsyncIterator[str]:
                while True:
                    yield "drop\n"
                    await asyncio.sleep(0.01)

            return Stream(drops())

        return Litestar([who, slow, endless], openapi_config=None)

    async def ends(self, *, within: float) -> None:
        """Wait until it has stopped."""
        assert self.running is not None
        async with asyncio.timeout(within):
            await self.running


Serving = Callable[..., AbstractAsyncContextManager[Trial]]


@pytest.fixture
def serving(free_ports: Callable[[int], list[int]], make_settings: Callable[..., ServiceSettings]) -> Serving:
    """Run the small service for a while, in this process."""

    @asynccontextmanager
    async def run(**leave: float) -> AsyncIterator[Trial]:
        trial = Trial(free_ports(1)[0])
        settings = make_settings(port=trial.port)
        trial.running = asyncio.create_task(serve(trial.application(), settings, ShutdownDelays(**leave)))

        async def answers() -> bool:
            async with httpx2.AsyncClient(trust_env=False) as client:
                try:
                    return (await client.get(trial.base)).status_code == 200
                except httpx2.ConnectError:
                    return False

        await eventually(answers)
        try:
            yield trial
        finally:
            trial.running.cancel()
            await asyncio.gather(trial.running, return_exceptions=True)

    return run


def tell(number: signal.Signals) -> None:
    """Send this process a signal, for which the service stands ready."""
    os.kill(os.getpid(), number)


async def an_unused_connection(trial: Trial) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connect as a browser does before it knows what for; come back when the service knows of it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", trial.port)
    writer.write(b"GET / HTTP/1.1\r\nHost: trial\r\n\r\n")
    assert b"200" in await reader.readline()
    while await reader.readline() != b"\r\n":
        pass
    await reader.read(100)
    return reader, writer


async def test_a_signal_stops_the_service_and_gives_control_back(
    make_application: Callable[..., Litestar],
    make_settings: Callable[..., ServiceSettings],
    free_ports: Callable[[int], list[int]],
) -> None:
    port = free_ports(1)[0]
    running = asyncio.create_task(serve(make_application(), make_settings(port=port)))

    async def live() -> bool:
        async with httpx2.AsyncClient() as outside:
            try:
                answer = await outside.get(f"http://127.0.0.1:{port}/health/live")
            except httpx2.HTTPError:
                return False
        return answer.status_code == 200

    await eventually(live)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(10):
        await running
    assert not await live()


async def test_a_kept_connection_is_answered_once_more_and_asked_to_close(serving: Serving) -> None:
    async with serving() as trial, httpx2.AsyncClient(trust_env=False) as client:
        before = (await client.get(trial.base)).json()
        tell(signal.SIGTERM)
        await asyncio.sleep(0.3)  # the service must not have closed the connection meanwhile
        last = await client.get(trial.base)
        assert last.json() == before
        assert last.headers["connection"] == "close"
        await trial.ends(within=5)


async def test_a_connection_made_after_the_signal_is_answered_too(serving: Serving) -> None:
    async with serving() as trial, httpx2.AsyncClient(trust_env=False) as late:
        _, kept = await an_unused_connection(trial)
        tell(signal.SIGTERM)

        async def leaves() -> bool:
            return (await late.get(trial.base)).headers.get("connection") == "close"

        await eventually(leaves)
        assert (await late.get(trial.base)).status_code == 200
        kept.close()
        await trial.ends(within=5)


async def test_a_connection_that_nobody_uses_is_closed_after_a_while(serving: Serving) -> None:
    async with serving(idle_connections=0.5, new_connections=0.1) as trial:
        reader, writer = await an_unused_connection(trial)
        tell(signal.SIGTERM)
        began = time.monotonic()
        assert await reader.read() == b""
        assert 0.5 < time.monotonic() - began < 5
        await trial.ends(within=5)
        writer.close()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_an_answer_under_way_is_finished(serving: Serving, how: signal.Signals) -> None:
    async with (
        serving(idle_connections=0.2, new_connections=0.2) as trial,
        httpx2.AsyncClient(trust_env=False, timeout=20) as client,
    ):
        answer = asyncio.create_task(client.get(f"{trial.base}/slow"))

        async def under_way() -> bool:
            return trial.asked == 1

        await eventually(under_way)
        tell(how)
        await asyncio.sleep(0.8)  # the service has gone through all its waits but the last
        assert not answer.done()
        trial.wanted.set()
        last = await answer
        assert last.text == "done"
        assert last.headers["connection"] == "close"
        await trial.ends(within=5)


async def test_an_answer_without_end_is_cut_in_the_end(serving: Serving) -> None:
    async with (
        serving(idle_connections=0.2, new_connections=0.1, total=1) as trial,
        httpx2.AsyncClient(trust_env=False) as client,
    ):
        with pytest.raises(httpx2.RemoteProtocolError):
            async with client.stream("GET", f"{trial.base}/endless") as answer:
                drops = answer.aiter_lines()
                assert await anext(drops) == "drop"
                tell(signal.SIGTERM)
                async for _ in drops:
                    pass
        await trial.ends(within=5)


@pytest.mark.parametrize("how", [(signal.SIGINT,), (signal.SIGTERM, signal.SIGTERM)], ids=["Ctrl-C", "said twice"])
async def test_who_is_in_a_hurry_waits_for_no_unused_connection(
    serving: Serving, how: tuple[signal.Signals, ...]
) -> None:
    async with serving(idle_connections=LONG, new_connections=LONG) as trial:
        _, writer = await an_unused_connection(trial)
        for number in how:
            assert trial.running is not None
            assert not trial.running.done()
            tell(number)
            await asyncio.sleep(0.3)
        await trial.ends(within=5)
        writer.close()
