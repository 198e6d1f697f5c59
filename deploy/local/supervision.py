"""Supervise the programs of the embedded run: start them in order, probe them, and restart those that die."""

import asyncio
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from deploy.local.child import Child, DidNotStart, listening

_LOOKS_EVERY = 0.1
_LONGEST_WAIT = 30.0
_SILENT_PROBES = 3
"""Probes in a row without any answer, after which a program counts as hung and is killed."""
_WELL_AFTER = 60.0
"""A program that lived so long was well: its next death counts as the first again."""

Say = Callable[[str], None]


class Program(Protocol):
    """Anything that is started, may die, and is stopped."""

    @property
    def alive(self) -> bool:
        """Return whether it runs now."""
        ...

    async def start(self) -> None:
        """Start it and come back when it is usable."""
        ...

    async def stop(self) -> None:
        """Stop it cleanly."""
        ...


@runtime_checkable
class Replaceable(Program, Protocol):
    """A program whose successor can start beside it, so that nobody notices the change."""

    async def replace(self) -> None:
        """Start the successor, and when it is usable stop this one. Raises `DidNotStart`, and this one stays."""
        ...

    async def gone(self) -> None:
        """Wait until the one that was replaced has gone."""
        ...


@runtime_checkable
class Probed(Program, Protocol):
    """A program that is asked from time to time whether it still answers."""

    async def answers(self, *, within: float) -> bool:
        """Return whether it answers within so many seconds; one that is just starting counts as answering."""
        ...

    def kill(self) -> None:
        """End its process at once: a hung one handles no other signal."""
        ...


def answers(address: str, *, within: float) -> bool:
    """Return whether somebody answers there, with whatever status."""
    try:
        with urllib.request.urlopen(address, timeout=within):
            return True
    except urllib.error.HTTPError as refused:
        refused.close()
        return True
    except (OSError, http.client.HTTPException):
        return False


@dataclass(slots=True)
class WebProgram:
    """A child process that is usable when `ready` (an http address) answers 200, or `port` takes connections."""

    child: Child
    ready: str | None = None
    port: int | None = None
    within: float = 180.0

    @property
    def alive(self) -> bool:
        """Return whether its process runs now."""
        return self.child.alive

    async def start(self) -> None:
        """Start it and wait until it is usable. Raises `DidNotStart` with the end of its log."""
        await self.child.stop()
        self.child.start()
        await self.usable()

    async def usable(self) -> None:
        """Wait until it is usable. Raises `DidNotStart` with the end of its log."""
        deadline = time.monotonic() + self.within
        missing = ""
        while self.child.alive and time.monotonic() < deadline:
            missing = await asyncio.to_thread(self._missing)
            if not missing:
                return
            await asyncio.sleep(_LOOKS_EVERY)
        how = missing if self.child.alive else "it stopped by itself"
        words = self.child.last_words()
        raise DidNotStart(f"{self.child.name} did not become ready ({how}); {self.child.log} ends with:\n{words}")

    async def stop(self) -> None:
        """Ask it to finish what it does, then end."""
        await self.child.stop()

    def _missing(self) -> str:
        """Return in a few words what is missing to be ready; nothing when it is."""
        if self.port is not None and not listening(self.port):
            return f"nobody listens on port {self.port}"
        if self.ready is None:
            return ""
        try:
            with urllib.request.urlopen(self.ready, timeout=5):
                return ""
        except urllib.error.HTTPError as refused:
            with refused:
                return f"{refused.code} {refused.read(500).decode(errors='replace')}"
        except OSError as away:
            return str(away)


async def together(*work: Coroutine[None, None, None]) -> None:
    """Do several things at once; the first failure stops the others and is raised as it is."""
    try:
        async with asyncio.TaskGroup() as group:
            for one in work:
                group.create_task(one)
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None


@dataclass(slots=True)
class Watch:
    """Starts programs, watches them, and stops them floor by floor, from the top down."""

    say: Say
    first_wait: float = 0.5
    probes_every: float = 10.0
    """Seconds between two probes, and for which each waits: a hung program is killed within four times as many."""
    _programs: dict[str, Program] = field(default_factory=dict)
    _floors: dict[int, list[str]] = field(default_factory=dict)
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self, programs: dict[str, Program], *, floor: int) -> None:
        """Start these programs together, say when each is usable, and watch it from then on.

        What stands on a higher `floor` needs those below it, and is stopped before them.
        """
        self._programs |= programs
        self._floors.setdefault(floor, []).extend(programs)

        async def one(name: str, program: Program) -> None:
            began = time.monotonic()
            await program.start()
            self.say(f"{name} is ready after {time.monotonic() - began:.1f} s")
            self._tasks.append(asyncio.create_task(self._supervise(name, program), name=f"watch {name}"))
            if isinstance(program, Probed):
                self._tasks.append(asyncio.create_task(self._probe(name, program), name=f"probe {name}"))

        await together(*(one(name, program) for name, program in programs.items()))

    async def replace(self) -> None:
        """Replace one after the other what can be replaced; as soon as a successor does not start, leave the rest."""
        began = time.monotonic()
        replaceable = {name: program for name, program in self._programs.items() if isinstance(program, Replaceable)}
        for name, program in replaceable.items():
            since = time.monotonic()
            try:
                await program.replace()
            except DidNotStart as failure:
                self.say(str(failure))
                self.say(f"The replacement stopped there: {name} goes on as it was, and so does what comes after it")
                return
            self.say(f"{name} was replaced after {time.monotonic() - since:.1f} s")
        await asyncio.gather(*(program.gone() for program in replaceable.values()))
        self.say(f"Everything was replaced in {time.monotonic() - began:.1f} s")

    async def stop(self) -> None:
        """Stop everything, the top floor first; one that will not stop does not keep the others."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for _, names in sorted(self._floors.items(), reverse=True):
            await asyncio.gather(*(self._programs[name].stop() for name in names), return_exceptions=True)

    async def _supervise(self, name: str, program: Program) -> None:
        """Start the program again each time it dies, waiting longer each time it dies young."""
        wait = self.first_wait
        while True:
            born = time.monotonic()
            while program.alive:  # noqa: ASYNC110 - a process's death sets no event
                await asyncio.sleep(_LOOKS_EVERY)
            if time.monotonic() - born > _WELL_AFTER:
                wait = self.first_wait
            self.say(f"{name} stopped unexpectedly; starting it again in {wait:g} s")
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
            await self._again(name, program.start)

    async def _probe(self, name: str, program: Probed) -> None:
        """Kill the program when it stays silent, so that it is started again as one that died."""
        silent = 0
        while True:
            if not silent:
                await asyncio.sleep(self.probes_every)
            answered = not program.alive or await program.answers(within=self.probes_every)
            silent = 0 if answered else silent + 1
            if silent >= _SILENT_PROBES and program.alive:
                self.say(f"{name} has not answered for {silent * self.probes_every:g} s; killing it")
                program.kill()
                silent = 0

    async def _again(self, name: str, start: Callable[[], Awaitable[None]]) -> None:
        try:
            await start()
        except DidNotStart as failure:
            self.say(str(failure))
        except Exception as failure:  # noqa: BLE001 - whatever a start meets, the watch goes on and tries again
            self.say(f"{name} did not start: {type(failure).__name__}: {failure}")
        else:
            self.say(f"{name} runs again")
