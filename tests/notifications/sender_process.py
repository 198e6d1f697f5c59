"""A sender in a process of its own, made to be killed: `python -m tests.notifications.sender_process <url> <port>`."""

import asyncio
import logging
import sys

import structlog
from pydantic import SecretStr

from services.notifications.adapters.mail_sender import MailSender
from services.notifications.domain.directory import Directory
from services.notifications.rendering.links import MailLinks
from services.notifications.rendering.renderer import MailRenderer
from services.notifications.settings import MailServerAddress
from services.notifications.usecases.parts import Parts
from shared.db import Database
from shared.links import Links


async def main(url: SecretStr, port: int) -> None:
    """Send until the end."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    links = Links("k" * 32, "tracking")
    places = ("http://i.test", "http://q.test", "http://e.test", "http://n.test")
    addresses = MailLinks(*places, tracking=links, followers=links, orientation=links, pact=links)
    database = await Database.connect(url.get_secret_value(), name="sender")
    parts = Parts(MailRenderer(), Directory(), addresses)
    server = MailServerAddress(f"smtp://127.0.0.1:{port}")
    async with MailSender(database, parts, server=server, sender="x@cousu.test", senders=4).lifespan():
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(SecretStr(sys.argv[1]), int(sys.argv[2])))
