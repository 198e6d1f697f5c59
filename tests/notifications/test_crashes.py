"""Senders are killed in the middle of their work: no mail is lost, and only one without an answer is sent twice."""

import asyncio
import random
import sys
from collections import Counter
from collections.abc import Awaitable, Callable

from services.notifications.handlers import handlers
from services.notifications.usecases.parts import Parts
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from tests.notifications.conftest import MailServer, World, a_mail_sender, many_messages
from tests.polling import eventually

KILLS = 6
MAILS = 120


async def test_killed_senders_lose_nothing_and_send_twice_only_what_got_no_answer(
    database_url: Callable[[str], Awaitable[str]], parts: Parts, mail_server: MailServer
) -> None:
    url = await database_url("notifications")
    database = await Database.connect(url, name="test")
    world = World(database, Inbox(database, handlers(parts)))
    await world.filed()
    await world.consume(*many_messages(MAILS - 2))
    mail_server.slow = 0.05
    for _ in range(KILLS):
        before = len(mail_server.accepted)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.notifications.sender_process", url, str(mail_server.port)
        )
        async with asyncio.timeout(60):
            while len(mail_server.accepted) < before + 3:
                await asyncio.sleep(0.005)
        await asyncio.sleep(random.random() / 20)  # noqa: S311 - any moment is as good as another
        process.kill()
        await process.wait()
    assert len(mail_server.accepted) < MAILS

    async def the_last_has_left() -> bool:
        left = "SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1"
        return bool(await database.fetchval(left, "sender"))

    await eventually(the_last_has_left)
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET lease_until = now() WHERE status = 'sending'")
    mail_sender = a_mail_sender(database, parts, mail_server.port)
    await mail_sender.settle_lost()
    async with database.transaction() as tx:
        await tx.execute("UPDATE delivery SET next_attempt_at = now() WHERE status = 'queued'")
    mail_server.slow = 0
    while await mail_sender.send_next():
        pass

    seen = Counter(mail["Message-ID"] for mail in mail_server.accepted)
    rows = await database.fetch(
        """
        SELECT id, status, (SELECT count(*) FROM delivery_attempt a
                            WHERE a.delivery_id = d.id AND a.result = 'uncertain') AS unanswered
        FROM delivery d
        """
    )
    assert [row["status"] for row in rows] == ["sent"] * MAILS
    for row in rows:
        assert 1 <= seen[f"<{row['id']}.0@cousu.test>"] <= 1 + row["unanswered"]
    assert 0 < sum(row["unanswered"] for row in rows) <= KILLS * 4
    await database.close()
