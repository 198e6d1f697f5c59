"""A parent process that has imported and built all four services once, and forks one on request.

It runs as a process of its own, without an event loop. A forked child is a service as it really runs: its pool, its
HTTP server, messenger, relay and jobs, in a fresh loop. The parent keeps the listening sockets, so that a client of a
service that was killed waits for the next child rather than be refused.

Lines of JSON come in, such as `{"start": "intake", "hand": {"…: COMMIT · sent": 2}, "healing": false}`, and go out:
what `started`, is `up`, `met`, `passed` or was `killed` at a point, and `ended`.
"""

import asyncio
import contextlib
import ctypes
import functools
import gc
import importlib
import inspect
import json
import os
import random
import select
import signal
import socket
import time
import traceback
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any

import uuid_utils
import uvicorn
import uvloop
from litestar import Litestar

from shared import log
from shared.db import Database
from shared.messaging.inbox import attempts
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.recovery.gap_recovery import GapRecovery
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.settings import ServiceSettings
from shared.territory.territories import Territories
from shared.web.server import serve
from tests.faults.failing import let_handlers_fail
from tests.faults.kills.points import AFTER, Points, install
from tests.faults.teeth import bugs

POINTS = Points()
_DIES_WITH_PARENT = 1
"""prctl's PR_SET_PDEATHSIG."""

LAZY = (
    "anyio._backends._asyncio",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)
"""What the libraries would import in each child again."""

CONSUMES = f": basic_consume · {AFTER}"
"""The point at which a service is up."""

Told = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Warm:
    """One service, built but for its connections."""

    name: str
    settings: ServiceSettings
    database: Database
    application: Litestar
    socket: socket.socket


def main() -> None:
    """Warm up, then fork on request until the other side hangs up."""
    told: Told = json.loads(_first_line())
    _shorten_waits()
    Territories.load = functools.cache(  # type: ignore[method-assign] # it costs each a second, and nobody searches here
        functools.partial(Territories.load, searchable=False)
    )
    services = {name: _warm(name, told["environments"][name], told["sockets"][name]) for name in told["sockets"]}
    _serve_on({service.settings.port: service.socket for service in services.values()})
    install(POINTS)
    for module in LAZY:
        importlib.import_module(module)
    gc.collect()
    gc.freeze()
    _say(warm=time.monotonic())
    Nursery(services, Path(told["logs"])).go_on()


def _first_line() -> bytes:
    """Read one line and not a byte more: what follows is read as it comes."""
    line = b""
    while not line.endswith(b"\n"):
        line += os.read(0, 1)
    return line


class Nursery:
    """Forks, and says who ended and how."""

    def __init__(self, services: dict[str, Warm], logs: Path) -> None:
        self._services = services
        self._logs = logs
        self._children: dict[int, str] = {}

    def go_on(self) -> None:
        """Do what is asked, one line at a time; a child's end is told at once."""
        read, write = os.pipe()
        os.set_blocking(write, False)
        os.set_blocking(read, False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(write)
        asked = b""
        while True:
            ready, _, _ = select.select([0, read], [], [], 1.0)
            if read in ready:
                with contextlib.suppress(BlockingIOError):
                    os.read(read, 4096)
            self._bury()
            if 0 not in ready:
                continue
            more = os.read(0, 65536)
            if not more:
                break
            *lines, asked = (asked + more).split(b"\n")
            for line in lines:
                self._do(json.loads(line))
        for pid in self._children:
            os.kill(pid, signal.SIGKILL)

    def _do(self, asked: Told) -> None:
        service = self._services[asked["start"]]
        began = time.monotonic()
        pid = os.fork()
        if pid == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            if bug := asked["bug"]:
                bugs.named(bug).apply()
            if not asked["healing"]:
                _let_nothing_heal()
            POINTS.dawdles = asked["dawdles"]
            if share := asked["fails"]:
                let_handlers_fail(lambda _: random.random() < share, "drawn to fail")  # noqa: S311 - a failure keeps no secret
            _live(service, asked["hand"], self._logs, began)
        self._children[pid] = service.name
        _say(started=service.name, pid=pid)

    def _bury(self) -> None:
        while self._children:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            _say(ended=self._children.pop(pid), pid=pid, status=status)


def _live(service: Warm, hand: dict[str, int], logs: Path, began: float) -> None:
    """Be the service until killed or told to stop; never comes back."""
    ctypes.CDLL(None).prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    code = 1
    try:
        output = os.open(logs / f"{service.name}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(output, 2)
        log.configure(service=service.name, level="WARNING")
        uuid_utils.reseed_rng()
        pid = os.getpid()

        def tell(what: str, name: str) -> None:
            _say(**{what: name, "service": service.name, "pid": pid})
            if what == "met" and name.endswith(CONSUMES):
                _say(up=service.name, pid=pid, after=round(time.monotonic() - began, 4))

        POINTS.arm(hand, tell)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(service))
        code = 0
    except BaseException:  # noqa: BLE001 - a child never goes back into its parent's loop
        traceback.print_exc()
    finally:
        os._exit(code)


async def _serve(service: Warm) -> None:
    url = service.settings.database_url.get_secret_value()
    service.database._pool = (await Database.connect(url, name=service.name))._pool  # noqa: SLF001 - built before the fork, connected after it
    try:
        await serve(service.application, service.settings)
    finally:
        await service.database.close()


def _warm(name: str, environment: dict[str, str], descriptor: int) -> Warm:
    """Build a service as its `main` does, but for the pool that its child will open."""
    os.environ.update(environment)
    module = importlib.import_module(f"services.{name}.main")
    settings = module.Settings()
    database = Database(None)  # type: ignore[arg-type] # the child has one
    listening = socket.socket(fileno=descriptor)
    listening.setblocking(False)
    return Warm(name, settings, database, module.build(settings, database), listening)


def _shorten_waits() -> None:
    """Shorten what is a wait and no protection, and let nobody mistake our kills for a message that kills."""
    from services.notifications.adapters import mail_sender  # noqa: PLC0415 - the services are imported when their turn comes
    from services.notifications.domain import deliveries  # noqa: PLC0415 - same
    from services.notifications.usecases import send  # noqa: PLC0415 - same

    _set(send, LEASE=timedelta(seconds=10))
    _set(deliveries, FIRST_PAUSE=timedelta(seconds=0.5), LONGEST_PAUSE=timedelta(seconds=2))
    _set(mail_sender, BEFORE_CONTENT=4.0, SETTLE_EVERY=1.0)  # what stands before the content stays within the lease
    _set(attempts, FATAL_AFTER=1_000)
    _give(Inbox, retry_policy=RetryPolicy(first=0.3, longest=3.0, attempts=1_000))
    _give(GapRecovery, policy=RecoveryPolicy(before_asking=1.0, heads_every=3.0))


def _set(module: ModuleType, **constants: object) -> None:
    """Give constants other values; one that is not there any more must not be set in vain."""
    for name, value in constants.items():
        if name not in vars(module):
            raise LookupError(f"{module.__name__} has no {name} any more")
        setattr(module, name, value)


def _give(kind: Any, **given: object) -> None:
    """Let every object of a class be made with these options."""
    original = kind.__init__

    @functools.wraps(original)
    def init(self: Any, *args: Any, **options: Any) -> None:
        names = list(inspect.signature(original).parameters)[1 : len(args) + 1]
        original(self, **dict(zip(names, args, strict=True)) | options | given)

    kind.__init__ = init


def _let_nothing_heal() -> None:
    """Leave lost what is lost: a service that was killed must not need to ask for anything again."""

    async def nothing(*_: object, **__: object) -> bool:
        return True

    for method in ("request_heads", "publish_recent_heads", "request_missing", "handle"):
        setattr(GapRecovery, method, nothing)


def _serve_on(listening: dict[int, socket.socket]) -> None:
    """Let uvicorn take connections from the sockets that the parent keeps."""
    original = uvicorn.Server.serve

    async def serve_inherited(self: uvicorn.Server, sockets: list[socket.socket] | None = None) -> None:
        await original(self, sockets=[listening[self.config.port]] if sockets is None else sockets)

    uvicorn.Server.serve = serve_inherited  # type: ignore[method-assign]


def _say(**said: object) -> None:
    """Write one line, in one piece: children and parent share the pipe."""
    os.write(1, json.dumps(said).encode() + b"\n")


if __name__ == "__main__":
    main()
