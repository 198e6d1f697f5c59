"""HTTP client of probes of services and broker: short-lived, with a shared TLS context."""

import ssl
from functools import cache

import httpx2


@cache
def _tls() -> ssl.SSLContext:
    """Load the certificate authorities once; each time would cost several milliseconds of the processor."""
    return ssl.create_default_context()


def client(timeout: float, *, auth: httpx2.Auth | None = None) -> httpx2.AsyncClient:
    """Return a client whose requests end within so many seconds for each of their steps."""
    return httpx2.AsyncClient(timeout=timeout, auth=auth, verify=_tls())
