"""The rig of the kills for other faults: its services may be patched, and its virtual host may fail."""

import json

from services.operations.adapters.connections import Watched
from services.operations.reads import verification
from shared.db import Database
from tests.faults.kills.rig import Rig
from tests.faults.product import SERVICES


class Stage(Rig):
    """Services forked from a warm parent, on servers that stay."""

    async def seed(self, bug: str | None) -> None:
        """Begin again with nothing, and with services that have this bug, if any."""
        for log in (self.folder / "logs").iterdir():
            log.unlink()
        self.bug = bug
        await self.fresh()

    def last_words(self) -> str:
        """Give the end of what the services logged."""
        logs = sorted((self.folder / "logs").iterdir())
        return "\n".join(
            f"{log.stem}: {line}" for log in logs for line in log.read_text(errors="replace").splitlines()[-20:]
        )

    def amqp(self, user: str) -> str:
        """Give the address of the virtual host, as a user of the broker."""
        return self.servers.rabbit.url(user, self._run)

    def database_of(self, service: str) -> str:
        """Name the database of a service."""
        return self._database(service)

    async def wipe(self) -> None:
        """Take the virtual host away, and make an empty one."""
        await self.servers.rabbit.delete_vhost(self._run)
        await self.servers.rabbit.create_vhost(self._run)

    async def command(self, *arguments: str) -> str:
        """Verify the journals as `cousu-main journal verify --json` does, without another process; else run it."""
        if arguments != ("journal", "verify", "--json"):
            return await super().command(*arguments)
        results = []
        for service in SERVICES:
            database = await Database.connect(self.database_url(self._database(service)), name="verify", max_size=2)
            try:
                results.append(await verification.verify(Watched(service, database, service)))
            finally:
                await database.close()
        said = json.dumps([one.model_dump() for one in results])
        if any(one.wrong for one in results):
            raise RuntimeError(said)
        return said
