"""Slow and oversized requests end: real connections to a real server, whose timeouts are short here."""

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from litestar import Litestar

from shared.settings import ServiceSettings
from shared.web import timeouts
from shared.web.server import serve
from shared.web.timeouts import MOST_HEADER_BYTES

GENEROUS = 30.0
"""Seconds within which a connection must end whose timeouts are a fraction of a second."""


@pytest.fixture
async def port(
    make_application: Callable[..., Litestar],
    make_settings: Callable[..., ServiceSettings],
    free_ports: Callable[[int], list[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[int]:
    """A service that gives headers half a second, and bodies half a second beside 20 000 bytes a second."""
    monkeypatch.setattr(timeouts, "AFTER_ANSWER", 0.5)
    found = free_ports(1)[0]
    settings = make_settings(port=found, header_seconds=0.5, body_seconds=0.5, body_bytes_per_second=20_000)
    running = asyncio.create_task(serve(make_application(), settings))
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", found)
            break
        except OSError:
            await asyncio.sleep(0.02)
    writer.close()
    yield found
    os.kill(os.getpid(), signal.SIGINT)
    async with asyncio.timeout(GENEROUS):
        await running


Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(port: int, *parts: bytes) -> Stream:
    """Open a connection and send this."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in parts:
        writer.write(part)
        await writer.drain()
    return reader, writer


async def answer_of(stream: Stream) -> tuple[int, dict[str, str], bytes]:
    """Read one answer until the server closes the connection; it resets one on which a body still arrives."""
    reader, writer = stream
    said = b""
    with contextlib.suppress(ConnectionResetError):
        async with asyncio.timeout(GENEROUS):
            while chunk := await reader.read(65_536):
                said += chunk
    writer.close()
    head, _, body = said.partition(b"\r\n\r\n")
    status, *lines = head.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return int(status.split()[1]), headers, body


def problem(answer: tuple[int, dict[str, str], bytes], status: int, code: str) -> None:
    """It is refused, for programs and people to read."""
    found, headers, body = answer
    assert (found, headers["content-type"]) == (status, "application/problem+json")
    document: dict[str, Any] = json.loads(body)
    assert (document["code"], document["status"]) == (code, status)
    assert headers["connection"] == "close"


async def test_half_a_header_is_cut(port: int) -> None:
    problem(await answer_of(await connect(port, b"GET / HTTP/1.1\r\nHost: a")), 408, "request_timeout")


async def test_headers_that_trickle_do_not_gain_time(port: int) -> None:
    reader, writer = await connect(port, b"GET / HTTP/1.1\r\n")

    async def trickle() -> None:
        while True:
            writer.write(b"X-More: 1\r\n")
            await asyncio.sleep(0.05)

    trickling = asyncio.create_task(trickle())
    try:
        problem(await answer_of((reader, writer)), 408, "request_timeout")
    finally:
        trickling.cancel()


async def test_half_a_header_after_an_answered_request_is_cut_too(port: int) -> None:
    reader, writer = await connect(port, b"GET /health/live HTTP/1.1\r\nHost: a\r\n\r\n")
    async with asyncio.timeout(GENEROUS):
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200")
        length = int(head.lower().partition(b"content-length:")[2].split()[0])
        await reader.readexactly(length)
    writer.write(b"GET /health/live HTTP/1.1\r\nHo")
    problem(await answer_of((reader, writer)), 408, "request_timeout")


async def test_headers_without_end_are_refused(port: int) -> None:
    lines = b"GET / HTTP/1.1\r\n" + b"X-Long: " + b"a" * (MOST_HEADER_BYTES * 8)
    problem(await answer_of(await connect(port, lines)), 431, "headers_too_large")


async def test_what_is_not_http_is_refused(port: int) -> None:
    problem(await answer_of(await connect(port, b"\x16\x03\x01 hello\r\n\r\n")), 400, "malformed")


FORM = b"""POST /greetings HTTP/1.1\r
Host: a\r
Content-Type: application/x-www-form-urlencoded\r
Content-Length: 100000\r
\r
"""


async def test_a_body_that_does_not_come_is_refused(port: int) -> None:
    status, _, body = await answer_of(await connect(port, FORM, b"name="))
    assert status == 408
    assert "L’envoi a pris trop de temps".encode() in body


async def test_a_body_that_trickles_gains_no_time(port: int) -> None:
    reader, writer = await connect(port, FORM)

    async def trickle() -> None:
        while True:
            writer.write(b"a")
            await asyncio.sleep(0.02)

    trickling = asyncio.create_task(trickle())
    try:
        status, _, _ = await answer_of((reader, writer))
        assert status == 408
    finally:
        trickling.cancel()


async def test_a_body_that_is_slow_but_comes_at_the_lowest_rate_is_taken(port: int) -> None:
    """It takes longer than the period of grace, and more of it gives it more time."""
    reader, writer = await connect(port, FORM)
    for _ in range(10):
        writer.write(b"a" * 10_000)
        await writer.drain()
        await asyncio.sleep(0.1)
    async with asyncio.timeout(GENEROUS):
        head = await reader.readuntil(b"\r\n")
    writer.close()
    assert b" 408 " not in head


async def test_a_body_that_goes_on_after_its_answer_is_cut(port: int) -> None:
    """Nobody reads the body of a call without a token: it is answered, and its connection ends."""
    head = b"POST /api/v1/things HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    reader, writer = await connect(port, head)

    async def go_on() -> None:
        while True:
            writer.write(b"1\r\na\r\n")
            await asyncio.sleep(0.05)

    going = asyncio.create_task(go_on())
    try:
        status, _, _ = await answer_of((reader, writer))
        assert status == 401
    finally:
        going.cancel()
