"""A fact that is published in two versions is one event: who knows the new one reads it, and all others the old one.

The envelopes in `versions/` are as they were published, and are never changed.
"""

import json
from pathlib import Path
from typing import ClassVar

import pytest

from shared.clock import new_id
from shared.contracts import FACTS
from shared.contracts.fact import ALSO, Fact
from shared.contracts.intake import MessagePosted
from shared.db import Database, Transaction
from shared.messaging import journal
from shared.messaging.envelope import trace_of
from shared.messaging.handlers import EventHandlers, NewerThanThisService
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.shared.messaging.conftest import AT, NOTING, database, effects, fresh

__all__ = ("database", "fresh")

VERSIONS = Path(__file__).parent / "versions"


class MessagePosted2(MessagePosted):
    """The second version of a fact, as a later release may have it: the text has got a language."""

    wire_type: ClassVar[str] = "intake.message_posted.v2"
    language: str

    def older(self) -> Fact:
        """Give what the first version says."""
        return MessagePosted(**self.model_dump(include=set(MessagePosted.model_fields)))


class MessagePosted3(MessagePosted2):
    """The third: nobody reads the first two from it but through its older forms."""

    wire_type: ClassVar[str] = "intake.message_posted.v3"

    def older(self) -> Fact:
        """Give what the second version says."""
        return MessagePosted2(**self.model_dump())


def published(name: str) -> bytes:
    return (VERSIONS / f"{name}.json").read_bytes().strip()


async def note_language(tx: Transaction, fact: MessagePosted2) -> None:
    await tx.execute("INSERT INTO effect (request_id, text) VALUES ($1, $2)", fact.request_id, fact.language)


@pytest.mark.parametrize("name", ["message_posted_v2_and_v1", "message_posted_v3_v2_and_v1"])
def test_who_knows_the_first_version_reads_it(name: str) -> None:
    heard = NOTING.parse(published(name))
    assert isinstance(heard.fact, MessagePosted)
    assert (heard.fact.text, heard.envelope.type) == ("Bonjour", "intake.message_posted.v1")
    assert heard.sequence == 1


@pytest.mark.parametrize("name", ["message_posted_v2_and_v1", "message_posted_v3_v2_and_v1"])
def test_who_knows_the_second_version_reads_that(name: str) -> None:
    heard = EventHandlers({MessagePosted: note_language, MessagePosted2: note_language}).parse(published(name))
    assert isinstance(heard.fact, MessagePosted2)
    assert heard.fact.language == "fr"


async def test_a_version_without_an_older_form_waits_for_the_update() -> None:
    body = json.loads(published("message_posted_v2_and_v1"))
    del body["data"][ALSO]
    heard = NOTING.parse(json.dumps(body).encode())
    with pytest.raises(NewerThanThisService):
        await heard.handler(None, heard.fact)  # type: ignore[misc,arg-type] # it raises before it needs a transaction


@pytest.mark.parametrize(
    "also", ["text", {}, {"type": 1}, {"type": "intake.request_submitted.v1", "data": {}}], ids=str
)
def test_what_is_no_older_form_of_the_same_fact_is_not_read(also: object) -> None:
    body = json.loads(published("message_posted_v2_and_v1"))
    body["data"][ALSO] = also
    assert NOTING.parse(json.dumps(body).encode()).envelope.type == "intake.message_posted.v2"


async def test_both_versions_are_one_event_of_one_stream(database: Database) -> None:
    request_id = new_id()
    fact = MessagePosted3(
        request_id=request_id, departement="95", at=AT, message_id=new_id(), text='Un "data": de trop', language="fr"
    )
    async with database.transaction() as tx:
        await journal.record(tx, fact)
    body = await database.fetchval("SELECT body FROM journal")
    assert trace_of(body) is None
    message = Message(body.encode(), "")
    await Inbox(database, NOTING, service="escalation").process([message, message])
    assert await effects(database, request_id) == ['Un "data": de trop']
    assert await database.fetchval("SELECT hash FROM inbox_stream") == await database.fetchval(
        "SELECT hash FROM stream"
    )


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.wire_type)
def test_no_fact_has_a_field_of_the_reserved_name(fact: type[Fact]) -> None:
    assert ALSO not in fact.model_fields
