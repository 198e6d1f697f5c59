"""Interface of what the oracle judges: the product as `make run` starts it, or the rig of the named kills."""

from typing import Any, Protocol

import asyncpg

from tests.faults.mailbox import Mailbox


class Judged(Protocol):
    """Four services with their databases, and the mail server that they write to."""

    @property
    def mailbox(self) -> Mailbox:
        """Give the mail server outside."""
        ...

    async def ready(self) -> bool:
        """Tell whether all services say that they are ready."""
        ...

    async def fetch(self, service: str, query: str, *arguments: Any) -> list[asyncpg.Record]:
        """Ask the database of a service, from outside."""
        ...

    async def execute(self, service: str, query: str, *arguments: Any) -> str:
        """Change something in the database of a service, from outside."""
        ...

    async def command(self, *arguments: str) -> str:
        """Run `cousu-main` as an operator would; give what it prints, or raise with what it complains of."""
        ...
