"""A sender in a process of its own, made to be killed: `python -m tests.notifications.sender_process <url> <port>`."""

import asyncio
import logging
import sys

import structlog
from pydantic import SecretStr

from services.notifications.addresses import Addresses
from services.notifications.domain.directory import Directory
from services.notifications.letters import Letters
from services.notifications.office import Office
from services.notifications.postman import Postman
from services.notifications.settings import MailServerAddress
from shared.db import Database
from shared.links import Links


async def main(url: SecretStr, port: int) -> None:
    """Send until the end."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    links = Links("k" * 32, "tracking")
    places = ("http://i.test", "http://q.test", "http://e.test", "http://n.test")
    addresses = Addresses(*places, tracking=links, followers=links, orientation=links, pact=links)
    database = await Database.connect(url.get_secret_value(), name="sender")
    office = Office(Letters(), Directory(), addresses)
    server = MailServerAddress(f"smtp://127.0.0.1:{port}")
    async with Postman(database, office, server=server, sender="x@cousu.test", senders=4).lifespan():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(SecretStr(sys.argv[1]), int(sys.argv[2])))
