"""Who may do what on the broker: one user per service, each with no more than its own queues and its own keys."""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass

SERVICES = ("intake", "qualification", "escalation", "notifications")
OPERATOR = "operator"
SUPERVISOR = "supervisor"
EXCHANGE = "cousumain"
_EXCHANGES = r"cousumain(\.unrouted|\.dead|\.resend)?"


@dataclass(frozen=True, slots=True)
class BrokerUser:
    """A user of the broker and its rights, as RabbitMQ's regular expressions over names and routing keys."""

    name: str
    configure: str
    write: str
    read: str
    publishes: str
    tags: tuple[str, ...] = ()

    def permission(self, vhost: str) -> dict[str, str]:
        """Give its rights on resources, as in RabbitMQ's definitions."""
        return {"user": self.name, "vhost": vhost, "configure": self.configure, "write": self.write, "read": self.read}

    def topic_permission(self, vhost: str) -> dict[str, str]:
        """Give the routing keys it may publish and listen to, as in RabbitMQ's definitions."""
        return {"user": self.name, "vhost": vhost, "exchange": EXCHANGE, "write": self.publishes, "read": ".*"}


def _service(name: str) -> BrokerUser:
    """A service declares the topology it lives in, reads its own queues and publishes its own facts."""
    own = rf"{re.escape(name)}(\..+)?"
    keys = r"(intake|forms)" if name == "intake" else re.escape(name)
    return BrokerUser(
        name,
        configure=rf"^({own}|{_EXCHANGES}|unrouted)$",
        write=rf"^({own}|{_EXCHANGES}|unrouted)$",
        read=rf"^({own}|{_EXCHANGES})$",  # not `unrouted`: what nobody listens to is the operator's to read
        publishes=rf"^{keys}\..+$",
    )


USERS = (
    *(_service(name) for name in SERVICES),
    BrokerUser(OPERATOR, "^$", ".*", ".*", ".*", tags=("monitoring",)),
    BrokerUser(SUPERVISOR, ".*", ".*", ".*", ".*", tags=("administrator",)),
)


def hashed(password: str) -> str:
    """Hash a password the way RabbitMQ keeps it (salted SHA-256)."""
    salt = secrets.token_bytes(4)
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
