"""`make run`: start PostgreSQL, RabbitMQ and all services on this machine, and stop them at Ctrl-C."""

import asyncio
import contextlib
import fcntl
import json
import logging
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import asyncpg
from rich.console import Console
from rich.table import Table

from deploy.local import databases
from deploy.local.broker import own_broker
from deploy.local.child import Child, DidNotStart, inherited, left_free
from deploy.local.copies import AT_ONCE, Copy, listening_socket
from deploy.local.environment import CLIENTS_VARIABLE, DATABASES, DEMONSTRATION, OPERATIONS, Environments
from deploy.local.leftovers import end_programs_of, kill_programs_of, mark_children
from deploy.local.passwords import Passwords, write_private
from deploy.local.personas import PERSONAS
from deploy.local.places import REPOSITORY, Places
from deploy.local.postgres import LocalPostgres
from deploy.local.stop_signals import stop_requested
from deploy.local.supervision import Program, Watch, WebProgram, together
from services.operations.adapters.migrations import MigrationFailed
from shared.db import AWAY
from shared.messaging import topology
from shared.messaging.accounts import SERVICES, SUPERVISOR
from shared.messaging.connection import BROKER_AWAY, connect, node_loss_as_error
from shared.stopping import SECOND_AFTER, STOP_SIGNALS

DECLARES_EVERY = 5.0
"""Seconds until an exchange that somebody deleted is there again."""

ONLY_SERVERS = "--servers"
"""Given as an argument: PostgreSQL and RabbitMQ run, and no service, so that a backup can be restored."""


def main() -> int:
    """Run until somebody says stop; return the exit code."""
    console = Console(highlight=False, soft_wrap=True)
    logging.getLogger("aiormq").setLevel(logging.CRITICAL)  # RabbitMQ is tried before it is there; failures are raised
    try:
        places = Places.from_environment()
        with only_one(places.folder):
            mark_children(places.folder)
            run = Run(places, console, services=ONLY_SERVERS not in sys.argv[1:])
            return asyncio.run(run.until_stopped())
    except (DidNotStart, MigrationFailed) as failure:
        console.print(str(failure), style="red", markup=False)
        return 1


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the folder for ourselves; the kernel lets go of it whatever happens to us."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise DidNotStart(
                f"Cousu-main already runs from this folder (process {lock.read().strip() or 'unknown'}). "
                "Stop it there with Ctrl-C, or run a second one from a copy of the folder with another COUSU_PORT_BASE."
            ) from None
        lock.truncate(0)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        yield


class Run:
    """One embedded run: what it is made of, how it comes up, how it goes down."""

    def __init__(self, places: Places, console: Console, *, services: bool = True) -> None:
        self._places = places
        self._services = services
        self._console = console
        self._began = time.monotonic()
        self._watch = Watch(say=self._say)
        folder, ports = places.folder, places.ports
        self._postgres = (
            None
            if all(os.environ.get(f"{service.upper()}_DATABASE_URL") for service in DATABASES)
            else LocalPostgres(folder / "postgres", ports["postgres"], log=places.log("postgres"))
        )
        self._rabbit = None if os.environ.get("AMQP_URL") else own_broker(places)
        self._ports = ExitStack()
        self._copies: dict[str, Copy] = {}
        self._environments = Environments(places, Passwords(folder / "secrets.json"), self._postgres, self._rabbit)

    async def until_stopped(self) -> int:
        """Start everything, say where it is, wait for a signal, stop everything."""
        replace = asyncio.Event()
        stopping = asyncio.create_task(stop_requested(replace=replace.set))
        running = asyncio.create_task(self._come_up_and_replace(replace))
        shared = asyncio.create_task(self._declare_topology())
        try:
            await asyncio.wait({stopping, running}, return_when=asyncio.FIRST_COMPLETED)
            if running.done():
                await running
            return 0
        finally:
            stopping.cancel()
            running.cancel()
            shared.cancel()
            await asyncio.gather(stopping, running, shared, return_exceptions=True)
            await self._go_down()

    async def _come_up_and_replace(self, replace: asyncio.Event) -> None:
        """Come up, and then replace the services whenever somebody wants it."""
        await self._come_up()
        while await replace.wait():
            replace.clear()
            await self._replace()

    async def _declare_topology(self) -> None:
        """Declare what all services share, also where somebody deleted it under them: they have no right to."""
        url = self._environments.amqp_url(SUPERVISOR)
        while True:
            with contextlib.suppress(*BROKER_AWAY), node_loss_as_error():
                async with await connect(url, SUPERVISOR, within=DECLARES_EVERY) as connection:
                    await topology.declare_shared(connection)
            await asyncio.sleep(DECLARES_EVERY)

    async def _replace(self) -> None:
        """Replace the services copy by copy; the tables first, on which old and new code work for a while."""
        self._say("Replacing the services, copy by copy")
        try:
            await databases.prepare(self._environments)
        except (MigrationFailed, asyncpg.PostgresError, *AWAY) as failure:
            self._say(f"The replacement did not begin, everything goes on as it was: {failure}")
        else:
            await self._watch.replace()

    async def _come_up(self) -> None:
        self._places.endpoints.unlink(missing_ok=True)
        await end_programs_of(self._places.folder, say=self._say)
        await self._ports_are_free()
        if not self._services:
            await together(self._watch.start(self._rabbit.programs if self._rabbit else {}, floor=0), self._databases())
            self._environments.write()
            self._say("PostgreSQL and RabbitMQ run, and no service: `cousu-main restore` can work")
            return
        self._open_services()
        servers: dict[str, Program] = {"mail sink": self._mail_sink()}
        if self._environments.demonstrates:
            servers["sign-in provider"] = self._identity_provider()
        if self._rabbit:
            servers |= self._rabbit.programs
        with self._step("Starting"):
            # A service may come before the broker, so that only the databases are waited for.
            await together(self._watch.start(servers, floor=0), self._start_services())
        self._environments.write()
        if self._environments.demonstrates:
            await self._load_demonstration()
        else:
            self._say(
                "Nothing of the demonstration was loaded, and nobody signs in with one click: the databases are yours. "
                f"{DEMONSTRATION}=1 loads it where no agents but personas are."
            )
        write_private(self._places.endpoints, json.dumps(self._environments.endpoints(), indent=1))
        self._print_addresses()

    async def _databases(self) -> None:
        if self._postgres:
            await self._watch.start({"PostgreSQL": self._postgres}, floor=0)
        await databases.prepare(self._environments)

    async def _start_services(self) -> None:
        await self._databases()
        if self._environments.demonstrates:
            await databases.seed_personas(self._environments)
        self._say("the databases are ready")
        await self._watch.start(dict(self._copies), floor=1)

    async def _go_down(self) -> None:
        self._places.endpoints.unlink(missing_ok=True)
        self._say("Stopping")
        began = time.monotonic()

        def stopped_again() -> None:
            if time.monotonic() - began > SECOND_AFTER:
                killed = kill_programs_of(self._places.folder)
                self._say(
                    f"Stopped at once: {killed} programs were killed; nothing is lost, the next start takes longer"
                )
                os._exit(1)

        for number in STOP_SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, stopped_again)
        await self._watch.stop()
        self._ports.close()
        self._places.copies_file.unlink(missing_ok=True)
        self._say(f"Stopped in {time.monotonic() - began:.1f} s; nothing is lost, `make run` goes on from here")

    async def _ports_are_free(self) -> None:
        """Refuse to start half of it. The servers look after their own ports."""
        await left_free(*(self._places.ports[name] for name in (*SERVICES, OPERATIONS, "mail", "identity", "smtp")))

    def _python(
        self,
        module: str,
        *arguments: str,
        name: str,
        environment: dict[str, str],
        inherits: Mapping[str, str] | None = None,
        sockets: Sequence[socket.socket] = (),
        stop_with: signal.Signals = signal.SIGTERM,
    ) -> Child:
        return Child(
            name,
            [sys.executable, "-m", module, *arguments],
            log=self._places.log(name),
            environment={"PYTHONUNBUFFERED": "1", **environment},
            inherits=inherits,
            folder=REPOSITORY,
            stop_with=stop_with,
            sockets=sockets,
        )

    def _open_services(self) -> None:
        """Open the ports of the four services and of the operator's page, and plan their copies."""
        modules = {name: f"services.{name}" for name in SERVICES} | {OPERATIONS: "services.operations"}
        for service, module in modules.items():
            shared = self._ports.enter_context(listening_socket(self._places.ports[service]))
            count = 1 if service == OPERATIONS else self._places.copies
            for number in range(1, count + 1):
                name = service if count == 1 else f"{service}-{number}"
                make = partial(self._service, service, module, name)
                self._copies[name] = Copy(make, shared, moved=self._write_prometheus_targets)

    def _service(self, service: str, module: str, name: str, sockets: Sequence[socket.socket]) -> Child:
        of_operations = service == OPERATIONS
        environment = self._environments.of_operations() if of_operations else self._environments.of(service)
        return self._python(
            module,
            name=name,
            environment=environment,
            inherits=inherited(service),
            sockets=sockets,
            stop_with=AT_ONCE,
        )

    def _write_prometheus_targets(self) -> None:
        """Write where each copy can be asked alone, as `file_sd_configs` reads it."""
        targets = [
            {"targets": [copy.address], "labels": {"copy": name, "service": name.partition("-")[0]}}
            for name, copy in self._copies.items()
            if copy.address is not None
        ]
        write_private(self._places.copies_file, json.dumps(targets, indent=1))

    def _identity_provider(self) -> WebProgram:
        child = self._python(
            "deploy.local.identity_provider",
            "--port",
            str(self._places.ports["identity"]),
            name="identity",
            environment={CLIENTS_VARIABLE: json.dumps(self._environments.clients())},
        )
        return WebProgram(child, ready=self._places.web("identity") + "/.well-known/openid-configuration")

    def _mail_sink(self) -> WebProgram:
        maildev = REPOSITORY / "node_modules" / "maildev" / "dist" / "bin" / "maildev.js"
        if not maildev.exists():
            raise DidNotStart("The mail sink is missing. Install it: npm ci")
        ports, mails = self._places.ports, self._places.folder / "mail"
        mails.mkdir(mode=0o700, parents=True, exist_ok=True)
        command: list[str | Path] = [
            "node",
            maildev,
            "--ip",
            "127.0.0.1",
            "--web-ip",
            "127.0.0.1",
            "--max-emails",
            "1000",
            "--silent",  # it would write down who wrote to whom
        ]
        command += ["--smtp", str(ports["smtp"]), "--web", str(ports["mail"]), "--mail-directory", mails]
        child = Child("mail", command, log=self._places.log("mail"), folder=self._places.folder)
        return WebProgram(child, ready=self._places.web("mail") + "/api/email", port=ports["smtp"])

    async def _load_demonstration(self) -> None:
        with self._step("Loading the demonstration"):
            environment = self._environments.of_command_line()
            child = self._python("services.operations.cli.main", "demo", "load", name="demo", environment=environment)
            child.start()
            try:
                ended = await child.ended(within=180)
            finally:
                await child.stop()
            if not ended or child.exit_code != 0:
                raise DidNotStart(
                    f"The demonstration could not be loaded; {child.log} ends with:\n{child.last_words()}"
                )

    @contextmanager
    def _step(self, what: str) -> Iterator[None]:
        """Show that something goes on."""
        if self._console.is_terminal:
            with self._console.status(f"{what} …"):
                yield
        else:
            self._say(what)
            yield

    def _say(self, what: str) -> None:
        self._console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim]", what)

    def _print_addresses(self) -> None:
        """Print where everything is and who may sign in."""
        web = self._places.web
        addresses = Table(title="Cousu-main", title_justify="left", show_header=False, box=None, padding=(0, 2, 0, 0))
        run = self._places.shown
        broker = [(f"RabbitMQ (user and password: {run}/endpoints.json)", web("management"))] if self._rabbit else []
        for what, where in (
            ("Applicants: file and follow a request", web("intake")),
            ("Départements: examine and propose", web("qualification")),
            ("National team: escalations and committee", web("escalation")),
            ("Notifications: mails and preferences", web("notifications")),
            ("Operators: is all well?", web(OPERATIONS)),
            ("Letters that were sent (nothing leaves this machine)", web("mail") + "/index.html"),
            *broker,
        ):
            addresses.add_row(what, where)
        people = Table(title="Who may sign in, with one click", title_justify="left", box=None, padding=(0, 2, 0, 0))
        for title in ("Address", "Role", "Where"):
            people.add_column(title, justify="left")
        for persona in PERSONAS if self._environments.demonstrates else ():
            people.add_row(persona.email, persona.role, ", ".join(persona.services))
        self._console.print()
        self._console.print(addresses)
        self._console.print()
        if people.rows:
            self._console.print(people)
            self._console.print()
        self._console.print(
            f"Command line: .venv/bin/cousu-main --help    Logs: {run}/logs    For programs: {run}/endpoints.json\n"
            "New code, and nobody interrupted: make restart in another terminal"
        )
        self._console.print(f"Ready in {time.monotonic() - self._began:.1f} s. Ctrl-C stops everything.")


if __name__ == "__main__":
    sys.exit(main())
