"""Copies of a service share its port: one is replaced, or dies, and the clients of the others notice nothing."""

import asyncio
import os
import re
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest

from deploy.local.child import Child, DidNotStart
from deploy.local.copies import AT_ONCE, Copy, listening_socket
from deploy.local.supervision import Watch
from tests.deploy.clients import Clients
from tests.polling import eventually

ROOT = Path(__file__).resolve().parents[2]

SERVICE = """
import asyncio, os
from litestar import Litestar, get
from pydantic import SecretStr
from shared.settings import ServiceSettings
from shared.web.server import ShutdownDelays, serve

@get("/")
async def who() -> int:
    await asyncio.sleep(0.02)
    return os.getpid()

@get("/health/ready")
async def ready() -> str:
    return "ready"

settings = ServiceSettings(
    database_url=SecretStr(""), host="127.0.0.1", port=1, public_url="http://127.0.0.1", secret_key=SecretStr("s" * 32)
)
delays = ShutdownDelays(idle_connections=20, new_connections=0.5)
asyncio.run(serve(Litestar([who, ready], openapi_config=None), settings, delays))
"""
"""A small service that says who answers. It can only answer on sockets that it is handed: port 1 is another's."""

TELLS_ITS_SOCKETS = """
import os
from shared.sockets import take_handed_over
ports = [one.getsockname()[1] for one in take_handed_over()]
print(*ports, *(name for name in os.environ if name.startswith("LISTEN_")))
"""

LETS_GO = 1.0
"""Seconds for which our clients keep an unused connection: less than the small service does when it leaves."""


@dataclass(slots=True)
class Served:
    """The small service as it is run: where it answers, its copies, and what their supervisor said."""

    base: str
    copies: list[Copy]
    watch: Watch
    said: list[str]
    script: str = SERVICE
    """What a copy that is started from now on does."""

    async def pids(self) -> list[int]:
        """Ask each copy alone who it is."""
        async with httpx2.AsyncClient(trust_env=False) as client:
            return [(await client.get(f"http://{copy.address}/")).json() for copy in self.copies]


Serving = Callable[..., AbstractAsyncContextManager[Served]]


@pytest.fixture
def serving(tmp_path: Path, free_ports: Callable[[int], list[int]]) -> Serving:
    """Run so many copies of the small service for a while, under a supervisor."""

    @asynccontextmanager
    async def run(count: int, *, first_wait: float = 0.05, probes_every: float = 600) -> AsyncIterator[Served]:
        port = free_ports(1)[0]
        with listening_socket(port) as shared:

            def make(sockets: Sequence[socket.socket]) -> Child:
                command = [sys.executable, "-c", served.script]
                return Child("copy", command, log=tmp_path / "log", folder=ROOT, stop_with=AT_ONCE, sockets=sockets)

            said: list[str] = []
            copies = [Copy(make, shared) for _ in range(count)]
            served = Served(f"http://127.0.0.1:{port}", copies, Watch(said.append, first_wait, probes_every), said)
            try:
                await served.watch.start({f"copy-{n}": copy for n, copy in enumerate(copies, 1)}, floor=0)
                yield served
            finally:
                await served.watch.stop()
        assert not any(copy.alive for copy in copies)

    return run


class People(Clients):
    """Clients of the small service, who note who answers."""

    def __init__(self, base: str, *, look: bool = False) -> None:
        self.answers: list[int] = []
        super().__init__(
            8, lambda connections: self.answers.append(int(connections.ask(f"{base}/"))), lets_go=LETS_GO, look=look
        )

    async def have_been_answered(self, times: int) -> None:
        """Wait for so many more answers."""
        until = len(self.answers) + times

        async def so_many() -> bool:
            return len(self.answers) >= until

        await eventually(so_many, within=60)


async def test_a_program_finds_the_sockets_that_it_was_handed(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    ports = free_ports(2)
    sockets = [listening_socket(port) for port in ports]
    child = Child(
        "tells", [sys.executable, "-c", TELLS_ITS_SOCKETS], log=tmp_path / "log", folder=ROOT, sockets=sockets
    )
    child.start()
    assert await child.ended(within=30)
    for one in sockets:
        one.close()
    assert child.last_words() == f"{ports[0]} {ports[1]}"


async def test_sockets_meant_for_another_process_are_left_alone(tmp_path: Path) -> None:
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    command = [sys.executable, "-c", TELLS_ITS_SOCKETS]
    child = Child("tells", command, log=tmp_path / "log", folder=ROOT, environment=environment)
    child.start()
    assert await child.ended(within=30)
    assert child.last_words() == ""


async def test_no_request_fails_while_all_copies_are_replaced(serving: Serving) -> None:
    async with serving(2) as served:
        with People(served.base) as people:
            for _ in range(2):
                before = await served.pids()
                await people.have_been_answered(50)
                assert set(people.answers) >= set(before)
                await served.watch.replace()
                assert not set(before) & set(await served.pids())
            await people.have_been_answered(50)
            assert people.failures == []
            assert len(set(people.answers)) == 6
    assert [re.sub(r" (after|in) .*", "", line) for line in served.said[2:]] == [
        "copy-1 was replaced", "copy-2 was replaced", "Everything was replaced",
    ] * 2  # fmt: skip


async def test_a_copy_that_is_alone_is_replaced_without_a_failure_too(serving: Serving) -> None:
    async with serving(1) as served:
        with People(served.base) as people:
            await people.have_been_answered(50)
            await served.watch.replace()
            await people.have_been_answered(50)
            assert people.failures == []
            assert len(set(people.answers)) == 2


async def test_a_copy_that_hangs_is_killed_and_started_again(serving: Serving) -> None:
    async with serving(1, probes_every=2.0) as served:
        [hung] = await served.pids()
        os.kill(hung, signal.SIGSTOP)

        async def runs_again() -> bool:
            return served.said[-1:] == ["copy-1 runs again"]

        await eventually(runs_again, within=90)
        assert served.said[1:3] == [
            "copy-1 has not answered for 6 s; killing it",
            "copy-1 stopped unexpectedly; starting it again in 0.05 s",
        ]
        assert hung not in await served.pids()


async def test_a_killed_copy_takes_with_it_only_what_it_had_in_hand(serving: Serving) -> None:
    async with serving(2) as served:
        with People(served.base, look=True) as people:
            killed, other = await served.pids()
            await people.have_been_answered(50)
            os.kill(killed, signal.SIGKILL)

            async def gone() -> bool:
                return not served.copies[0].alive

            await eventually(gone, every=0.001)
            died = time.monotonic()
            await people.have_been_answered(200)
            assert [failure for failure in people.failures if failure.began > died] == []
            assert len(people.failures) <= 8  # one for each who had asked
            assert other in people.answers[-200:]
            await eventually(lambda: says(served, "copy-1 runs again"))


async def test_while_no_copy_runs_people_wait_instead_of_being_refused(serving: Serving) -> None:
    async with serving(1, first_wait=1.0) as served, httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        (killed,) = await served.pids()
        os.kill(killed, signal.SIGKILL)
        await eventually(lambda: says(served, "copy-1 stopped unexpectedly; starting it again in 1 s"))
        assert (await client.get(served.base)).json() not in {killed, None}


async def test_a_successor_that_does_not_start_changes_nothing(serving: Serving) -> None:
    async with serving(2) as served:
        with People(served.base) as people:
            before = await served.pids()
            served.script = "raise SystemExit('new settings are missing')"
            await served.watch.replace()
            assert "new settings are missing" in served.said[-2]
            assert served.said[-1] == (
                "The replacement stopped there: copy-1 goes on as it was, and so does what comes after it"
            )
            await people.have_been_answered(50)
            assert await served.pids() == before
            assert people.failures == []


async def says(served: Served, line: str) -> bool:
    return line in served.said


async def test_a_successor_that_is_about_to_come_goes_with_the_rest(serving: Serving) -> None:
    async with serving(1) as served:
        served.script = "import time; print('here', flush=True); time.sleep(60)"
        replacing = asyncio.create_task(served.watch.replace())
        coming = served.copies[0]

        async def comes() -> bool:
            other = coming._other  # noqa: SLF001 - nobody else is told of it
            return other is not None and "here" in other.child.last_words()

        await eventually(comes)
        replacing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await replacing
        assert coming._other is not None  # noqa: SLF001 - same
        assert not coming._other.alive  # noqa: SLF001 - same
        assert coming.alive


async def test_one_that_is_about_to_go_goes_with_the_rest(serving: Serving) -> None:
    async with serving(1) as served, httpx2.AsyncClient(trust_env=False) as kept:
        assert (await kept.get(served.base)).status_code == 200
        replacing = asyncio.create_task(served.watch.replace())

        async def is_replaced() -> bool:
            return any(line.startswith("copy-1 was replaced") for line in served.said)

        await eventually(is_replaced)
        leaving = served.copies[0]._other  # noqa: SLF001 - nobody else is told of it
        assert leaving is not None
        assert leaving.alive  # our connection keeps it
        replacing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await replacing
    assert not leaving.alive


def test_a_port_that_another_has_is_named(free_ports: Callable[[int], list[int]]) -> None:
    port = free_ports(1)[0]
    with listening_socket(port), pytest.raises(DidNotStart, match=rf"Port {port} .*COUSU_PORT_BASE"):
        listening_socket(port)
