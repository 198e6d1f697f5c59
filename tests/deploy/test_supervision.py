"""The supervisor starts dead programs again, says so, stops in order, and leaves no orphan."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy.local.child import Child, DidNotStart, end_leftover, left_free, listening
from deploy.local.supervision import Watch, WebProgram
from tests.polling import eventually

ROOT = Path(__file__).resolve().parents[2]
SERVES = """
import http.server, sys
address = ("127.0.0.1", int(sys.argv[1]))
http.server.ThreadingHTTPServer(address, http.server.SimpleHTTPRequestHandler).serve_forever()
"""
IGNORES = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).touch()
time.sleep(60)
"""
STARTS_A_CHILD = """
import pathlib, sys, time
from deploy.local.child import Child
child = Child("sleeper", ["sleep", "60"], log=pathlib.Path(sys.argv[1]))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""


def a_web_program(tmp_path: Path, port: int) -> WebProgram:
    child = Child("page", [sys.executable, "-c", SERVES, str(port)], log=tmp_path / "page.log", folder=tmp_path)
    return WebProgram(child, ready=f"http://127.0.0.1:{port}/", within=20)


async def test_a_killed_program_is_started_again_and_it_is_said(
    tmp_path: Path, free_ports: Callable[[int], list[int]]
) -> None:
    said: list[str] = []
    program = a_web_program(tmp_path, free_ports(1)[0])
    watch = Watch(say=said.append, first_wait=0.05)
    await watch.start({"page": program}, floor=0)
    first = program.child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)

    async def runs_again() -> bool:
        return said[-1:] == ["page runs again"]

    await eventually(runs_again)
    assert program.child.pid != first
    assert said[1] == "page stopped unexpectedly; starting it again in 0.05 s"
    await watch.stop()
    assert not program.alive


async def test_whatever_a_start_meets_it_is_tried_again() -> None:
    """A kill may come at any moment of a start, also in the middle of the question whether it answers."""

    class Moody:
        starts = 0
        alive = False

        async def start(self) -> None:
            self.starts += 1
            if self.starts == 2:
                raise EOFError("the connection broke in its very beginning")

        async def stop(self) -> None:
            pass

    said: list[str] = []
    program = Moody()
    watch = Watch(say=said.append, first_wait=0.01)
    await watch.start({"moody": program}, floor=0)

    async def started_once_more() -> bool:
        return program.starts > 2

    await eventually(started_once_more)
    await watch.stop()
    assert "moody did not start: EOFError: the connection broke in its very beginning" in said


async def test_a_program_that_dies_at_once_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    child = Child("broken", [sys.executable, "-c", "raise SystemExit('no settings')"], log=tmp_path / "broken.log")
    watch = Watch(say=lambda _: None)
    with pytest.raises(DidNotStart, match=r"(?s)broken did not become ready.*no settings"):
        await watch.start({"broken": WebProgram(child, port=1, within=20)}, floor=0)
    await watch.stop()


async def test_what_stands_on_something_stops_before_it() -> None:
    order: list[str] = []

    class Recorded:
        alive = True

        def __init__(self, name: str) -> None:
            self.name = name

        async def start(self) -> None:
            """Be there at once."""

        async def stop(self) -> None:
            order.append(self.name)

    watch = Watch(say=lambda _: None)
    for floor, name in ((1, "services"), (0, "servers")):
        await watch.start({name: Recorded(name)}, floor=floor)
    await watch.stop()
    assert order == ["services", "servers"]


async def test_a_stubborn_program_is_killed_in_the_end(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    child = Child("stubborn", [sys.executable, "-c", IGNORES, ready], log=tmp_path / "stubborn.log")
    child.start()

    async def it_ignores() -> bool:
        return ready.exists()

    await eventually(it_ignores)
    assert not await child.stop(patience=0.2)
    assert not child.alive


def test_children_go_when_their_parent_is_killed(tmp_path: Path) -> None:
    command = [sys.executable, "-c", STARTS_A_CHILD, str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:  # noqa: S603 - ours
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert runs(child)
        parent.kill()  # whatever the child has come to by now
    until = time.monotonic() + 10
    while runs(child):
        assert time.monotonic() < until
        time.sleep(0.02)


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_leftover_is_stopped_but_a_stranger_with_the_same_number_is_not(tmp_path: Path) -> None:
    ours, others = tmp_path / "ours", tmp_path / "others"
    for folder in (ours, others):
        folder.mkdir()
    child = Child("left", ["sleep", "60"], log=tmp_path / "log", environment={"HOME": str(ours)})
    child.start()

    told = Path(f"/proc/{child.pid}/cmdline")

    async def sleeps() -> bool:
        return (await asyncio.to_thread(told.read_bytes)).startswith(b"sleep")

    await eventually(sleeps)  # until then it is still on its way from one program to the next
    pid_file = tmp_path / "pid"
    pid_file.write_text(f"{child.pid}\n")
    await end_leftover(pid_file, folder=others, stop_with=signal.SIGTERM)
    assert child.alive
    assert not pid_file.exists()
    pid_file.write_text(f"{child.pid}\n")
    await end_leftover(pid_file, folder=ours, stop_with=signal.SIGTERM)
    assert not child.alive


async def test_a_busy_port_is_named_with_the_way_out(tmp_path: Path, free_ports: Callable[[int], list[int]]) -> None:
    port = free_ports(1)[0]
    program = a_web_program(tmp_path, port)
    await program.start()
    assert listening(port)
    began = time.monotonic()
    with pytest.raises(DidNotStart, match=rf"Port {port} .*COUSU_PORT_BASE"):
        await left_free(port, within=0.2)
    assert time.monotonic() - began < 5
    await program.stop()
    await left_free(port)
