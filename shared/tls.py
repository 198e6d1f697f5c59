"""TLS for connections to databases on other machines; detects whether an address is local."""

import os
from ipaddress import ip_address
from typing import Final
from urllib.parse import parse_qs, urlsplit

VERIFIED: Final = "verify-full"


def is_loopback(host: str | None) -> bool:
    """Return whether a host is this machine."""
    if host == "localhost":
        return True
    try:
        return ip_address(host or "").is_loopback
    except ValueError:
        return False


def is_on_this_machine(url: str) -> bool:
    """Return whether a PostgreSQL address leads to a socket or the loopback of this machine."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", [os.environ.get("PGHOST", "")])[0]
    return not host or host.startswith("/") or is_loopback(host)


def ssl_mode(url: str) -> str | None:
    """Return the `sslmode` that a PostgreSQL address names."""
    return parse_qs(urlsplit(url).query).get("sslmode", [None])[0]


def verified(url: str) -> str:
    """Add `sslmode=verify-full` to an address that leaves this machine and names no mode itself.

    Without it asyncpg falls back to clear text, password included, where the server, or whoever answers in its name,
    takes no TLS.
    """
    if is_on_this_machine(url) or ssl_mode(url):
        return url
    return f"{url}{'&' if urlsplit(url).query else '?'}sslmode={VERIFIED}"
