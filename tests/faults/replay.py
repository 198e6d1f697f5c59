"""All journals, in the order in which they were written, into an empty notifications database: the mails owed."""

import os

import asyncpg

from services.notifications.consumers import consumers
from services.notifications.main import office_of
from services.notifications.office import Office
from services.notifications.settings import Settings
from shared.db import Database
from shared.messaging.inbox import Inbox, Message, Patience
from shared.operations import migrations
from tests.faults.judged import Judged
from tests.faults.product import SERVICES

_DATABASE = "cousu_replay"


async def deliveries(product: Judged) -> set[tuple[str, str, str]]:
    """Give (event, audience, recipient) of every mail that the journals owe when nothing goes wrong."""
    told: list[asyncpg.Record] = []
    for service in SERVICES:
        if service != "notifications":
            told += await product.fetch(service, "SELECT recorded_at, position, routing_key, body FROM journal")
    told.sort(key=lambda row: (row["recorded_at"], row["position"]))
    admin = await asyncpg.connect(product.database_url("postgres"))
    try:
        await admin.execute(f"DROP DATABASE IF EXISTS {_DATABASE}")
        await admin.execute(f"CREATE DATABASE {_DATABASE}")
    finally:
        await admin.close()
    url = product.database_url(_DATABASE)
    await migrations.migrate("notifications", url)
    database = await Database.connect(url, name="replay")
    try:
        inbox = Inbox(database, consumers(_office(product)), Patience(first=0.0, longest=0.0, attempts=1_000))
        for row in told:
            await inbox.take([Message(row["body"].encode(), row["routing_key"])])
        while await inbox.retry_held(most=100):
            if not await database.fetchval("SELECT count(*) FROM inbox_held WHERE attempts < 20"):
                break
        rows = await database.fetch("SELECT event_id::text, audience, recipient FROM delivery")
        return {(row["event_id"], row["audience"], row["recipient"]) for row in rows}
    finally:
        await database.close()


def _office(product: Judged) -> Office:
    before = dict(os.environ)
    os.environ.update(product.environment_of("notifications"))
    try:
        return office_of(Settings())
    finally:
        os.environ.clear()
        os.environ.update(before)
