"""Every service applies what it consumes in two batches beside each other, of many départements, without a deadlock."""

import asyncio
import json
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.escalation.domain.durations import Durations
from services.escalation.handlers import handlers as escalation_handlers
from services.intake.handlers import handlers as intake_handlers
from services.intake.usecases.filing import check, file_request
from services.notifications.handlers import handlers as notifications_handlers
from services.notifications.replay import parts
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers as qualification_handlers
from shared import clock
from shared.clock import new_id
from shared.contracts.fact import Fact
from shared.contracts.forms import REQUEST_FILED, FiledRequest
from shared.db import Database
from shared.messaging.batcher import MessageBatcher
from shared.messaging.handlers import EventHandlers
from shared.messaging.inbox.held import RetryPolicy
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.territory.territories import Territories
from tests.conftest import FreshDatabase
from tests.contracts.examples import EXAMPLES
from tests.deadlocks import deadlocks

DEPARTEMENTS = ("2A", "29", "35", "59", "69", "78", "95", "971")
REQUESTS = 60
LIVES: tuple[tuple[str, Callable[[], EventHandlers]], ...] = (
    ("intake", lambda: intake_handlers(Territories.load())),
    ("qualification", lambda: qualification_handlers(Rules())),
    ("escalation", lambda: escalation_handlers(Durations())),
    ("notifications", lambda: notifications_handlers(parts())),
)


@pytest.mark.parametrize(("service", "build"), LIVES, ids=[service for service, _ in LIVES])
@pytest.mark.parametrize("seed", [1, 2])
async def test_two_batches_beside_each_other_lock_in_one_order(
    fresh_database: Callable[[str], Awaitable[FreshDatabase]],
    service: str,
    build: Callable[[], EventHandlers],
    seed: int,
) -> None:
    database = await Database.connect((await fresh_database(service)).app_url, name="test")
    table = build()
    copies = [MessageBatcher(Inbox(database, table, RetryPolicy(first=3600.0), service=service)) for _ in range(2)]
    running = [asyncio.create_task(copy.run()) for copy in copies]
    chance = random.Random(seed)  # noqa: S311 - the same events each time
    departements = chance.choices(DEPARTEMENTS, k=REQUESTS)
    requests = list(zip(await _known(service, database, departements), departements, strict=True))
    before = await deadlocks(database)
    window = asyncio.Semaphore(200)

    async def arrive(message: Message) -> None:
        async with window:
            await chance.choice(copies).submit(message)

    await asyncio.gather(*(arrive(message) for message in _messages(service, table, requests, chance)))
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
    met = await deadlocks(database) - before
    reasons = await database.fetch("SELECT DISTINCT reason FROM inbox_held")
    applied = await database.fetchval("SELECT sum(applied) FROM inbox_stream")
    await database.close()
    assert met == 0, reasons
    assert not [row["reason"] for row in reasons if "Deadlock" in row["reason"]]
    assert applied > REQUESTS


def _messages(
    service: str, table: EventHandlers, requests: Sequence[tuple[UUID, str]], chance: random.Random
) -> list[Message]:
    """Write the events of many requests: each stream in its order, the requests mixed."""
    lives = [list(_life(service, table, *request, chance)) for request in requests]
    mixed: list[Message] = []
    while lives := [life for life in lives if life]:
        mixed.append(chance.choice(lives).pop(0))
    return mixed


def _life(
    service: str, table: EventHandlers, request_id: UUID, departement: str, chance: random.Random
) -> Iterator[Message]:
    """Tell of one request some of all that the service consumes, what comes first at the beginning."""
    sequences: defaultdict[str, int] = defaultdict(int)
    consumed = [EXAMPLES[fact.wire_type] for fact in table.on]
    first = [fact for fact in consumed if fact.wire_type.endswith((".request_submitted.v1", ".request_registered.v1"))]
    rest = [fact for fact in consumed if fact not in first]
    for place, fact in enumerate([*first, *chance.sample(rest, min(8, len(rest)))]):
        about = fact.model_copy(
            update={
                "request_id": request_id,
                "departement": departement,
                "at": fact.at + timedelta(seconds=place),
            }
        )
        if not about.source.startswith(f"/{service}"):
            sequences[about.source] += 1
            yield _message(about, sequences[about.source])
    for wire_type in table.raw:
        assert wire_type == REQUEST_FILED
        yield _filing(departement)


def _message(fact: Fact, sequence: int) -> Message:
    return _written(
        fact.routing_key,
        source=fact.source,
        type=fact.wire_type,
        subject=fact.subject,
        sequence=sequence,
        time=fact.at.isoformat(),
        departement=fact.departement,
        data=fact.model_dump(mode="json"),
    )


def _written(routing_key: str, **members: Any) -> Message:
    envelope = {"specversion": "1.0", "id": str(new_id()), **members}
    return Message(json.dumps(envelope).encode(), routing_key)


def _filed(departement: str) -> FiledRequest:
    return FiledRequest.model_validate(
        {
            "applicant": {"kind": "departement", "code": departement},
            "contact": {"name": "Camille Martin", "role": "Maire", "email": "contact@commune.test"},
            "kind": "tailored_support",
            "title": "Rouvrir les commerces",
            "description": "Le bourg se vide.",
            "support_types": ["ingenierie_projet"],
            "fields": ["mobilite"],
        }
    )


def _filing(departement: str) -> Message:
    """Write a request that another form filed: it has no id yet, and needs the next number of its département."""
    return _written(
        f"forms.request_filed.{departement}",
        source="/forms/ours",
        type=REQUEST_FILED,
        departement=departement,
        data=_filed(departement).model_dump(mode="json"),
    )


async def _known(service: str, database: Database, departements: Sequence[str]) -> list[UUID]:
    """Give the requests of these départements that events will be about; intake knows those that it filed."""
    if service != "intake":
        return [new_id() for _ in departements]
    territories = Territories.load()
    async with database.transaction() as tx:
        at = clock.now()
        filings = [check(territories, _filed(code), at=at) for code in departements]
        return [(await file_request(tx, checked, at=at)).id for checked in filings]
