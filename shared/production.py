"""Checks of unsafe settings; in production (`COUSU_ENVIRONMENT`, the default) a service refuses to start with one."""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Final
from urllib.parse import parse_qs, urlsplit

from pydantic import SecretStr, ValidationError

from shared.keys import keys
from shared.sockets import hosts_handed_over
from shared.tls import VERIFIED, is_loopback, is_on_this_machine, ssl_mode, verified

FEWEST_CHARACTERS: Final = 10
"""Different characters that a key has at least; one that was drawn at random has more."""

OTHERS_NEVER_RESOLVE: Final = (".test", ".example", ".invalid", ".localhost")
"""Reserved for trials: no mail reaches them, and no server may answer for them."""

OF_OWNERS: Final = ("_MIGRATION_URL", "_BROKER_ADMIN_URL", "SUPERVISOR_AMQP_URL")
"""How the variables end that hold what a program that runs must not have."""

EX_CONFIG: Final = 78
"""How a process ends that was configured wrongly (sysexits.h)."""


ENVIRONMENT: Final = "COUSU_ENVIRONMENT"
"""`production` unless it is `local`: one machine alone, as `make run` has it, where nothing unsafe is refused."""


@dataclass(frozen=True, slots=True)
class Unsafe:
    """One unsafe or wrong setting: a stable code, the variable, and what to do, without its value."""

    code: str
    setting: str
    sentence: str


def is_local() -> bool:
    """Return whether the process runs in the local environment."""
    return os.environ.get(ENVIRONMENT) == "local"


def of_environment() -> list[Unsafe]:
    """Check the value of `COUSU_ENVIRONMENT`."""
    if os.environ.get(ENVIRONMENT, "production") in {"production", "local"}:
        return []
    return [Unsafe("setting_invalid", ENVIRONMENT, "give production, which is the default, or local")]


def refusal(problems: list[Unsafe]) -> dict[str, object]:
    """Return the log line about settings that prevent a start."""
    return {
        "problems": as_members(problems),
        "hint": f"Mend all of these, or set {ENVIRONMENT}=local on a machine that nobody else reaches.",
    }


def as_members(problems: list[Unsafe]) -> list[dict[str, str]]:
    """Return problems for programs."""
    return [asdict(one) for one in problems]


def unreadable(error: ValidationError, prefix: str) -> list[Unsafe]:
    """Return what is wrong with settings that cannot be read, without any value."""
    return [
        Unsafe(
            "setting_missing" if one["type"] == "missing" else "setting_invalid",
            (prefix + "_".join(str(part) for part in one["loc"])).upper().rstrip("_"),
            one["msg"],
        )
        for one in error.errors(include_url=False, include_input=False, include_context=False)
    ]


def of_web_address(setting: str, url: str | None, *, code: str = "address_not_https") -> Iterator[Unsafe]:
    """Check an address that people or their browsers are sent to."""
    if url is not None and not url.startswith("https://"):
        yield Unsafe(code, setting, "give an https:// address: over http:// anybody on the way reads and changes it")


def of_database(setting: str, url: SecretStr | None) -> Iterator[Unsafe]:
    """Check the address of a database."""
    address = url.get_secret_value() if url else None
    if address is not None and not is_on_this_machine(address) and ssl_mode(verified(address)) != VERIFIED:
        yield Unsafe("database_not_verified", setting, f"give sslmode={VERIFIED}: the server is on another machine")


def of_broker(setting: str, url: SecretStr | None) -> Iterator[Unsafe]:
    """Check the addresses of the broker's nodes."""
    nodes = [node.strip() for node in url.get_secret_value().split(",")] if url else []
    for node in nodes:
        if not node.startswith("amqps://") and not is_loopback(urlsplit(node).hostname):
            yield Unsafe("broker_not_tls", setting, "give amqps:// addresses: a node is on another machine")
            return
        if parse_qs(urlsplit(node).query).get("no_verify_ssl", ["0"]) != ["0"]:
            yield Unsafe("broker_not_verified", setting, "remove no_verify_ssl: anybody could be that broker")
            return


def of_keys(values: dict[str, SecretStr | None]) -> Iterator[Unsafe]:
    """Check the secret keys of a service, by setting."""
    used: dict[str, list[str]] = defaultdict(list)
    for setting, value in values.items():
        known = keys(value.get_secret_value()) if value else ()
        if any(len(set(key.secret)) < FEWEST_CHARACTERS for key in known):
            yield Unsafe("weak_key", setting, "draw keys at random, for instance with `openssl rand -hex 32`")
        for key in known:
            used[key.secret].append(setting)
    for settings in used.values():
        if len(settings) > 1:
            yield Unsafe("key_used_twice", ", ".join(settings), "give each purpose a key of its own")


def of_listening(prefix: str, host: str, *, proxies_named: bool) -> Iterator[Unsafe]:
    """Check that a service that other machines reach knows the addresses of its callers."""
    hosts = hosts_handed_over() or [host]
    if None in hosts:
        advice = "listen on an address: by a socket of the file system everybody is the same caller"
        yield Unsafe("callers_unknown", "LISTEN_FDS", advice)
    if not proxies_named and any(one is not None and not is_loopback(one) for one in hosts):
        advice = "name the proxy: other machines reach the service, and behind one of them everybody has its address"
        yield Unsafe("proxy_not_named", f"{prefix}TRUSTED_PROXIES", advice)


def of_owners() -> Iterator[Unsafe]:
    """Look for credentials that a program that runs must not hold."""
    for setting in sorted(key for key, value in os.environ.items() if key.endswith(OF_OWNERS) and value):
        yield Unsafe("owner_credentials", setting, "give it to the command line alone: an owner may rewrite all")


def of_mail_address(setting: str, address: str) -> Iterator[Unsafe]:
    """Check a sender address of mails."""
    if address.rstrip(">").endswith(OTHERS_NEVER_RESOLVE):
        yield Unsafe("default_sender", setting, "give an address of your own domain: this one is reserved for trials")
