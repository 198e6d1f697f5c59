"""Points at which a service may be killed: every call that leaves the process, named after the calling code.

Nothing of it stands in the product. The calls themselves are wrapped: a statement to PostgreSQL, a frame to RabbitMQ, a
word to the mail server, a file. A point is called by its place, its call and its moment, for instance
`messaging.relay.Relay._lead: DELETE outbox · before`, and by the use case that led there, if one did. The moments are
`before`, `after` (the answer was read), and where it can be told apart `sent`: the bytes are with the other side, and
their answer will never be read.
"""

import asyncio
import functools
import os
import random
import re
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from types import CodeType
from typing import Any

import aio_pika
import aiormq
import aiosmtplib
import asyncpg
from aiosmtplib.protocol import SMTPProtocol

ROOT = Path(__file__).resolve().parents[3]
BEFORE, SENT, AFTER = "before", "sent", "after"
ONE_IN_FIVE = 0.2

_PASSED_THROUGH = (f"{ROOT}/shared/db.py", f"{ROOT}/shared/rounds.py")
"""Doors that everybody goes through: who stands before them is who calls."""

_FRAMES = {
    b"\x00\x3c\x00\x28": "basic.publish",
    b"\x00\x3c\x00\x50": "basic.ack",
    b"\x00\x3c\x00\x14": "basic.consume",
    b"\x00\x3c\x00\x5a": "basic.reject",
    b"\x00\x3c\x00\x78": "basic.nack",
}
"""AMQP frames whose moment of being sent is a point: class and method, as they stand in the frame."""

_VERB = re.compile(
    r"\b(?:(INSERT) INTO|(?<!FOR )(?<!DO )(UPDATE)|(DELETE) FROM|(SELECT)\b.*?\bFROM|(SELECT))\s+([\w.]+)",
    re.IGNORECASE | re.DOTALL,
)
_PLAIN = re.compile(r"\s*(BEGIN|COMMIT|ROLLBACK TO|ROLLBACK|SAVEPOINT|RELEASE SAVEPOINT)\b")


class Points:
    """What one process meets on its way, and the one or more points at which it must die."""

    def __init__(self) -> None:
        self._armed: dict[str, int] = {}
        self._hits: Counter[str] = Counter()
        self._tell: Callable[[str, str], None] = lambda _what, _name: None
        self.dawdles = 0.0
        """Seconds that one call in five waits at most before it leaves the process: what may happen between shows."""

    def arm(self, cells: Mapping[str, int], tell: Callable[[str, str], None]) -> None:
        """Die at the n-th time that a point is met, whichever comes first; `tell` hears of it, and of new points."""
        self._armed = dict(cells)
        self._hits.clear()
        self._tell = tell

    def disarm(self) -> None:
        """Meet points, and live."""
        self._armed = {}

    def meet(self, name: str) -> None:
        """Go past a point, or end there."""
        if self._is_the_end(name):
            self._die(name)

    def meet_when_sent(self, name: str) -> None:
        """End there once the bytes that were just given to the transport are with the kernel.

        uvloop and asyncio write at the end of the round in which they were given; what is called next comes after it,
        and before anybody who waits for an answer is woken.
        """
        if self._is_the_end(name):
            asyncio.get_running_loop().call_soon(self._die, name)

    def _is_the_end(self, name: str) -> bool:
        self._hits[name] += 1
        hits = self._hits[name]
        if hits == 1:
            self._tell("met", name)
        wanted = self._armed.get(name, 0)
        if hits < wanted:
            self._tell("passed", name)
        return hits == wanted

    def _die(self, name: str) -> None:
        self._tell("killed", name)
        os.kill(os.getpid(), signal.SIGKILL)


def install(points: Points) -> None:
    """Wrap the calls of this process, once and for all."""
    _wrap_database(points)
    _wrap_broker(points)
    _wrap_mail_server(points)
    _wrap_files(points)


def _wrap_database(points: Points) -> None:
    for method in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
        _around(points, asyncpg.Connection, method, _statement)
    execute = asyncpg.Connection.execute

    @functools.wraps(execute)
    async def told_when_sent(self: Any, query: str, *args: Any, **options: Any) -> str:
        if not args:  # with arguments the first bytes are those of the preparation
            points.meet_when_sent(f"{_place()}: {_statement(query)} · {SENT}")
        return await execute(self, query, *args, **options)

    asyncpg.Connection.execute = told_when_sent  # type: ignore[method-assign]


def _wrap_broker(points: Points) -> None:
    for method in ("basic_publish", "basic_ack", "basic_consume", "basic_qos", "exchange_declare", "queue_declare"):
        _around(points, aiormq.Channel, method, functools.partial(_called, method))
    for method in ("queue_bind", "confirm_delivery", "_on_deliver_frame", "_on_confirm_frame"):
        _around(points, aiormq.Channel, method, functools.partial(_called, method.strip("_")))
    _around(points, aio_pika.RobustConnection, "connect", functools.partial(_called, "amqp connect"))
    write = asyncio.StreamWriter.write

    @functools.wraps(write)
    def told_when_sent(self: asyncio.StreamWriter, data: Any) -> None:
        write(self, data)
        frame = _FRAMES.get(bytes(data[7:11])) if data[:1] == b"\x01" else None
        if frame is not None:
            points.meet_when_sent(f"amqp: {frame} · {SENT}")

    asyncio.StreamWriter.write = told_when_sent  # type: ignore[method-assign]


def _wrap_mail_server(points: Points) -> None:
    for method in ("connect", "mail", "rcpt", "data", "quit"):
        _around(points, aiosmtplib.SMTP, method, functools.partial(_called, f"smtp {method}"))
    write = SMTPProtocol.write

    @functools.wraps(write)
    def told_when_sent(self: SMTPProtocol, data: bytes) -> None:
        write(self, data)
        word = "content" if data.endswith(b"\r\n.\r\n") else data[:4].decode(errors="replace").strip().lower()
        points.meet_when_sent(f"{_place()}: smtp {word} · {SENT}")

    SMTPProtocol.write = told_when_sent  # type: ignore[method-assign]


def _wrap_files(points: Points) -> None:
    to_thread: Callable[..., Awaitable[Any]] = asyncio.to_thread

    @functools.wraps(to_thread)
    async def around(function: Any, /, *args: Any, **options: Any) -> Any:
        name = f"{_place()}: {getattr(function, '__name__', 'call')} in a thread"
        points.meet(f"{name} · {BEFORE}")
        result = await to_thread(function, *args, **options)
        points.meet(f"{name} · {AFTER}")
        return result

    asyncio.to_thread = around


def _around(points: Points, owner: Any, method: str, name: Callable[..., str]) -> None:
    """Make a coroutine function meet a point before it begins and after it ended well."""
    original: Callable[..., Awaitable[Any]] = getattr(owner, method)

    @functools.wraps(original)
    async def around(self: Any, *args: Any, **options: Any) -> Any:
        called = f"{_place()}: {name(*args)}"
        if points.dawdles and random.random() < ONE_IN_FIVE:  # noqa: S311 - a delay keeps no secret
            await asyncio.sleep(random.uniform(0, points.dawdles))  # noqa: S311 - same
        points.meet(f"{called} · {BEFORE}")
        result = await original(self, *args, **options)
        points.meet(f"{called} · {AFTER}")
        return result

    setattr(owner, method, around)


def _called(name: str, *_: Any) -> str:
    return name


@functools.lru_cache(maxsize=4096)
def _statement_of(query: str) -> str:
    plain = _PLAIN.match(query)
    if plain:
        return plain[1]
    verbs = [[part for part in found.groups() if part] for found in _VERB.finditer(query)]
    changing = [verb for verb in verbs if verb[0].upper() != "SELECT"] or verbs
    return " ".join(changing[0]) if changing else " ".join(query.split()[:2])


def _statement(query: str, *_: Any) -> str:
    """Name a statement in two words, such as `DELETE outbox`."""
    return _statement_of(query)


@functools.lru_cache(maxsize=4096)
def _label(code: CodeType) -> str:
    """Name a function of ours, such as `intake.usecases.evaluations.close_evaluated`; nothing for anybody else's."""
    file = code.co_filename
    if not file.startswith((f"{ROOT}/services/", f"{ROOT}/shared/")) or file in _PASSED_THROUGH:
        return ""
    module = Path(file).relative_to(ROOT).with_suffix("").parts[1:]
    parts = [part for part in module if part != "__init__"]
    return ".".join([*parts, code.co_qualname.replace(".<locals>", "")])


def _place() -> str:
    """Say which function of ours calls, and for which use case."""
    frame: Any = sys._getframe(1)  # noqa: SLF001 - a debugger's view of the stack is what names a point
    place = ""
    while frame is not None:
        label = _label(frame.f_code)
        if label and not place:
            place = label
            if ".usecases." in label:
                return place
        elif ".usecases." in label:
            return f"{place} for {label}"
        frame = frame.f_back
    return place or "driver"
