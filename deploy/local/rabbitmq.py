"""Run a private RabbitMQ node on loopback, with its own ports, cookie, epmd and users."""

import asyncio
import base64
import hashlib
import json
import secrets
import shutil
import signal
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.local.child import Child, DidNotStart, end_leftover, left_free, listening
from deploy.local.epmd import LocalEpmd
from deploy.local.passwords import Passwords, write_private
from deploy.local.server import LocalServer
from deploy.local.supervision import Program
from shared.messaging import topology
from shared.messaging.accounts import SUPERVISOR, USERS
from shared.messaging.connection import connect

# Debian's commands in /usr/sbin insist on the account `rabbitmq`; these are RabbitMQ's own.
_DEBIAN = Path("/usr/lib/rabbitmq/bin")
_READY_WITHIN = 180.0
_CONNECTS_WITHIN = 30.0
LARGEST_MESSAGE = 4 << 20
"""Bytes of a message that the broker takes, four times what a service records; above, it closes the channel."""
_JOINS_WITHIN = 3
"""Attempts."""


@dataclass(frozen=True, slots=True)
class Membership:
    """What the nodes of one cluster have in common."""

    nodes: tuple[str, ...]
    cookie: str
    passwords: Passwords
    epmd: LocalEpmd
    tick: int
    """Seconds without a sign of life after which the others count a node as lost."""


class LocalRabbit(LocalServer):
    """One RabbitMQ node in a folder of its own, listening on 127.0.0.1 only; alone, or a member of a cluster.

    Users and permissions are imported at each boot from `shared.messaging.accounts`; `guest` does not exist. It may be
    started again on the same folder, also after a `kill -9` of it or of us.
    """

    def __init__(
        self,
        folder: Path,
        amqp_port: int,
        management_port: int,
        prometheus_port: int,
        *,
        distribution_port: int,
        epmd_port: int,
        node: str = "cousumain",
        plugins: Sequence[str] = ("rabbitmq_management", "rabbitmq_prometheus"),
        log: Path | None = None,
        membership: Membership | None = None,
    ) -> None:
        passwords = membership.passwords if membership else None
        super().__init__(folder, log or folder.resolve() / "rabbitmq.log", passwords)
        self.amqp_port = amqp_port
        self.management_port = management_port
        self.prometheus_port = prometheus_port
        self.node = f"{node}@localhost"
        self.distribution_port = distribution_port
        self._plugins = tuple(plugins)
        self._membership = membership
        self._epmd = membership.epmd if membership else own_epmd(self._folder, epmd_port, self._log)
        self._usable = False

    def url(self, user: str, vhost: str = "/") -> str:
        """Return the AMQP URL of a user, password included."""
        return f"amqp://{user}:{quote(self.passwords.of(user))}@127.0.0.1:{self.amqp_port}/{quote(vhost, safe='')}"

    @property
    def nodes(self) -> tuple["LocalRabbit", ...]:
        """All nodes of the broker: this one."""
        return (self,)

    @property
    def programs(self) -> dict[str, Program]:
        """What there is to be watched, by name."""
        return {"RabbitMQ": self}

    @property
    def management_url(self) -> str:
        """The address of the management page and API."""
        return f"http://127.0.0.1:{self.management_port}"

    async def start(self) -> None:
        """Start epmd and the node, and come back when clients can connect.

        One that dies while it joins its cluster is started again: RabbitMQ gives up when a node that it looks for comes
        at the very moment in which it looks. Raises `DidNotStart` with the end of the log.
        """
        await self.stop()
        await asyncio.to_thread(self._write_configuration)
        await end_leftover(self._pid_file, folder=self._folder, stop_with=signal.SIGTERM)
        await left_free(self.amqp_port, self.management_port, self.prometheus_port, self.distribution_port)
        await self._epmd.start()
        for more in reversed(range(_JOINS_WITHIN if self._membership else 1)):
            try:
                await self._boot()
            except DidNotStart:
                if not more:
                    raise
            else:
                break
        if self._membership is None:
            await self.declare_topology()

    async def _boot(self) -> None:
        self._child = Child(
            "rabbitmq",
            [_command("rabbitmq-server")],
            log=self._log,
            environment=self._environment(),
            folder=self._folder,
        )
        self._usable = False
        self._child.start()
        self._pid_file.write_text(f"{self._child.pid}\n")
        for port in (self.amqp_port, self.management_port):
            await self._listens(self._child, port)
        self._usable = True

    async def stop(self, *, patience: float = 15.0) -> None:
        """Stop the node cleanly, then the epmd that was started for it alone."""
        if self._child is not None:
            # A node that is still booting handles no signal, and has no data to lose.
            await self._child.stop(patience=patience if self._usable else 1.0)
        if self._membership is None:
            await self._epmd.stop()
        self._pid_file.unlink(missing_ok=True)

    async def create_vhost(self, vhost: str) -> None:
        """Make an empty virtual host in which every user has the same rights as in `/`."""
        name = quote(vhost, safe="")
        await self.manage("PUT", f"/api/vhosts/{name}", {})
        for user in USERS:
            await self.manage("PUT", f"/api/permissions/{name}/{user.name}", user.permission(vhost))
            for keys in user.topic_permissions(vhost):
                await self.manage("PUT", f"/api/topic-permissions/{name}/{user.name}", keys)
        await self.declare_topology(vhost)

    async def declare_topology(self, vhost: str = "/") -> None:
        """Declare what all services share, as the supervisor, where it does not stand already."""
        async with await connect(self.url(SUPERVISOR, vhost), "supervisor", within=_CONNECTS_WITHIN) as connection:
            await topology.declare_shared(connection)

    async def delete_vhost(self, vhost: str) -> None:
        """Remove a virtual host with all that is in it."""
        await self.manage("DELETE", f"/api/vhosts/{quote(vhost, safe='')}")

    async def manage(self, method: str, path: str, body: object = None) -> Any:
        """Call the management API as the supervisor; return the decoded answer, or None if it is empty."""
        return await asyncio.to_thread(self._manage, method, path, body)

    async def ctl(self, *arguments: str) -> str:
        """Run `rabbitmqctl` on this node and give what it printed; takes about a second."""
        process = await asyncio.create_subprocess_exec(
            _command("rabbitmqctl"),
            "--quiet",
            *arguments,
            env={**_path(), **self._environment()},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"rabbitmqctl {arguments[0]} failed: {output.decode(errors='replace')}")
        return output.decode()

    @property
    def _pid_file(self) -> Path:
        return self._folder / "rabbitmq.pid"

    def _manage(self, method: str, path: str, body: object) -> Any:
        credentials = base64.b64encode(f"{SUPERVISOR}:{self.passwords.of(SUPERVISOR)}".encode()).decode()
        request = urllib.request.Request(
            self.management_url + path,
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Authorization": f"Basic {credentials}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def _write_configuration(self) -> None:
        """Write all that the node reads at boot."""
        self._folder.mkdir(parents=True, exist_ok=True)
        cookie = self._folder / ".erlang.cookie"
        if not cookie.exists():
            write_private(cookie, self._membership.cookie if self._membership else secrets.token_hex(20))
            cookie.chmod(0o400)
        (self._folder / "environment.conf").touch()
        (self._folder / "enabled_plugins").write_text(f"[{','.join(self._plugins)}].\n")
        write_private(self._folder / "definitions.json", json.dumps(self._definitions(), indent=1))
        settings = {
            "listeners.tcp.local": f"127.0.0.1:{self.amqp_port}",
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": self.management_port,
            "prometheus.tcp.ip": "127.0.0.1",
            "prometheus.tcp.port": self.prometheus_port,
            "definitions.import_backend": "local_filesystem",
            "definitions.local.path": self._folder / "definitions.json",
            "log.file": "false",
            "log.console": "true",
            "log.console.level": "warning",
            "log.console.use_colors": "off",
            "disk_free_limit.absolute": "50MB",
            "vm_memory_high_watermark.relative": "0.4",
            "channel_max": 512,
            "max_message_size": LARGEST_MESSAGE,
            **self._clustering(),
        }
        lines = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (self._folder / "rabbitmq.conf").write_text(lines)

    def _clustering(self) -> dict[str, object]:
        """Return what makes a member of a cluster: whom to join, and to pause rather than go on in a minority."""
        if self._membership is None:
            return {}
        nodes = self._membership.nodes
        names = {f"cluster_formation.classic_config.nodes.{n}": node for n, node in enumerate(nodes, start=1)}
        return {
            "cluster_formation.peer_discovery_backend": "classic_config",
            **names,
            "cluster_partition_handling": "pause_minority",
            "queue_leader_locator": "balanced",
            # A queue that was declared while a node was away gets its third member when the node is there.
            "quorum_queue.continuous_membership_reconciliation.enabled": "true",
            "quorum_queue.continuous_membership_reconciliation.target_group_size": len(nodes),
            "quorum_queue.continuous_membership_reconciliation.interval": 10_000,
        }

    def _definitions(self) -> dict[str, Any]:
        return {
            "users": [
                {
                    "name": user.name,
                    "password_hash": hashed(self.passwords.of(user.name)),
                    "hashing_algorithm": "rabbit_password_hashing_sha256",
                    "tags": list(user.tags),
                }
                for user in USERS
            ],
            "vhosts": [{"name": "/"}],
            "permissions": [user.permission("/") for user in USERS],
            "topic_permissions": [keys for user in USERS for keys in user.topic_permissions("/")],
        }

    def _environment(self) -> dict[str, str]:
        here = str(self._folder)
        return {
            "HOME": here,  # where Erlang looks for its cookie
            "LC_ALL": "C.UTF-8",
            "RABBITMQ_CONF_ENV_FILE": f"{here}/environment.conf",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.amqp_port),
            "RABBITMQ_DIST_PORT": str(self.distribution_port),
            "RABBITMQ_BASE": here,
            "RABBITMQ_MNESIA_BASE": f"{here}/data",
            "RABBITMQ_LOG_BASE": f"{here}/log",
            "RABBITMQ_PID_FILE": f"{here}/node.pid",
            "RABBITMQ_CONFIG_FILE": f"{here}/rabbitmq",
            "RABBITMQ_ADVANCED_CONFIG_FILE": f"{here}/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": f"{here}/enabled_plugins",
            "RABBITMQ_GENERATED_CONFIG_DIR": f"{here}/generated",
            "RABBITMQ_SCHEMA_DIR": f"{here}/schema",
            "RABBITMQ_FEATURE_FLAGS_FILE": f"{here}/feature_flags",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": (
                "-kernel inet_dist_use_interface {127,0,0,1} "
                + (f"-kernel net_ticktime {self._membership.tick} " if self._membership else "")
                + "+sbwt none +sbwtdcpu none +sbwtdio none"  # idle schedulers sleep: the machine is shared
            ),
            "RUNNING_UNDER_SYSTEMD": "true",  # no shell between the virtual machine and our signals
            **self._epmd.environment,
        }

    async def _listens(self, child: Child, port: int) -> None:
        """Wait until the child takes connections on a port."""
        try:
            async with asyncio.timeout(_READY_WITHIN):
                while child.alive:
                    if listening(port):
                        return
                    await asyncio.sleep(0.05)
        except TimeoutError:
            pass
        await self.stop(patience=1)
        raise DidNotStart(
            f"RabbitMQ ({child.name}) did not start; its log {self._log} ends with:\n{child.last_words()}"
        )


def own_epmd(folder: Path, port: int, log: Path) -> LocalEpmd:
    """Make the epmd of a node that is alone, or of all nodes of a cluster."""
    return LocalEpmd(_command("epmd"), port, log=log, environment={"HOME": str(folder)})


def hashed(password: str) -> str:
    """Hash a password the way RabbitMQ stores it (salted SHA-256)."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _command(name: str) -> Path:
    if (_DEBIAN / name).exists():
        return _DEBIAN / name
    found = shutil.which(name)
    if found is None:
        raise DidNotStart(f"{name} is missing. Install it: sudo apt-get install rabbitmq-server")
    return Path(found)


def _path() -> dict[str, str]:
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
