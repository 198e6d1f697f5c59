"""A dossier refers to what people wrote: it crosses before it, in parts that no broker refuses."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from services.escalation.domain.durations import Durations
from services.escalation.handlers import handlers as national_handlers
from services.qualification.domain.case import Case
from services.qualification.domain.handing_over import LATEST_STEPS, hand_over
from services.qualification.domain.moves import State
from services.qualification.domain.proposal import Proposal
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers
from shared import clock
from shared.allowance import Allowance
from shared.contracts import intake
from shared.contracts.fact import Actor
from shared.contracts.qualification import Dossier, DossierStep, ExchangesShared, ExchangesTransferred
from shared.contracts.vocabulary import Outcome, Role
from shared.db import Database
from shared.documents import LONGEST_NAME, MOST_FILES, PDF
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.recovery import stream_heads
from tests.qualification.acting import ESCALATION, ORIENTATION, answered, done
from tests.qualification.conftest import Program
from tests.qualification.life import Life, a_request, names

LARGEST_EVENT = 256 * 1024
LONGEST_TEXT = "\U0001f9f5" * 9_990
"""As long as a message may be, and four bytes a character."""

TRANSFER: dict[str, Any] = {
    "outcome": "transfer",
    "departement": "78",
    "motive": "Le projet se situe dans les Yvelines.",
}
PROGRAMME: dict[str, Any] = {
    "outcome": "programme",
    "programme": "petites_villes_de_demain",
    "motive": "La commune est lauréate.",
}


async def wrote(life: Life, count: int = 3) -> list[str]:
    """The applicant writes long messages; gives their texts."""
    texts = [f"{number:05}{LONGEST_TEXT}" for number in range(count)]
    await life.tell(*(intake.MessagePosted(**life.about(), message_id=uuid4(), text=text) for text in texts))
    return texts


async def written(life: Life) -> list[str]:
    """The applicant writes all that is allowed, and joins as many files; gives the texts."""
    texts = await wrote(life, Allowance().characters // len(f"00000{LONGEST_TEXT}"))
    name = "\U0001f9f5" * (LONGEST_NAME - 4) + ".pdf"
    await life.tell(
        *(
            intake.DocumentAdded(
                **life.about(),
                document=intake.Document(
                    id=uuid4(), name=name, media_type=PDF, size=1, sha256="0" * 64, added_at=clock.now()
                ),
            )
            for _ in range(MOST_FILES)
        )
    )
    return texts


@pytest.mark.parametrize(
    "proposal", [ESCALATION, ORIENTATION, PROGRAMME, TRANSFER], ids=lambda proposal: proposal["outcome"]
)
async def test_no_hand_over_is_large_however_much_was_written(
    sat: Program, delegate: Program, life: Life, database: Database, proposal: dict[str, Any]
) -> None:
    await written(life)
    await answered(sat, delegate, life, proposal)
    assert await database.fetchval("SELECT max(octet_length(body)) FROM journal") < LARGEST_EVENT


async def test_what_people_wrote_goes_to_no_provider(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await wrote(life)
    await answered(sat, delegate, life, ORIENTATION)
    assert await database.fetchval("SELECT count(*) FROM journal WHERE type LIKE '%.exchanges_%'") == 0
    dossier = await database.fetchval(
        "SELECT body::jsonb #> '{data,dossier}' FROM journal WHERE type = 'qualification.oriented_locally.v1'"
    )
    assert (dossier["messages"], dossier.get("exchanges")) == ([], None)


@pytest.mark.parametrize(
    ("proposal", "table"),
    [(ESCALATION, "escalation"), (PROGRAMME, "programme_request")],
    ids=["escalation", "programme"],
)
async def test_the_national_side_has_all_that_was_written(
    sat: Program,
    delegate: Program,
    life: Life,
    database: Database,
    database_url: Callable[[str], Awaitable[str]],
    proposal: dict[str, Any],
    table: str,
) -> None:
    texts = await written(life)
    await answered(sat, delegate, life, proposal)
    rows = await database.fetch("SELECT body, routing_key FROM journal ORDER BY sequence")
    national = await Database.connect(await database_url("escalation"), name="national")
    try:
        inbox = Inbox(national, national_handlers(Durations()))
        for row in rows:
            await inbox.process([Message(row["body"].encode(), row["routing_key"])])
        dossier = Dossier.model_validate(await national.fetchval(f"SELECT dossier FROM {table}"))
        assert [message.text for message in dossier.messages] == texts
        assert len(dossier.documents) == MOST_FILES
        assert len([step for step in dossier.history if step.type == "intake.message_posted.v1"]) == len(texts)
        assert await national.fetchval("SELECT count(*) FROM exchange_part") == 0
    finally:
        await national.close()


async def transferred(database: Database) -> list[Message]:
    """Give what the Val-d’Oise published for the département that takes over: the parts, then the transfer."""
    rows = await database.fetch(
        "SELECT body, routing_key FROM journal WHERE type LIKE 'qualification.%_transferred.v1' ORDER BY position"
    )
    return [Message(row["body"].encode(), row["routing_key"]) for row in rows]


async def test_all_that_was_written_is_there_after_a_transfer(
    sat: Program, delegate: Program, neighbour: Program, life: Life, inbox: Inbox, database: Database
) -> None:
    texts = await written(life)
    await done(sat, life, "messages", {"text": "Nous transmettons."})
    await answered(sat, delegate, life, TRANSFER)
    *parts, transfer = await transferred(database)
    assert {part.routing_key for part in parts} == {"qualification.exchanges_transferred.78"}
    await inbox.process([*parts, transfer])
    case = (await neighbour.get(f"/cases/{life.request_id}")).json()
    assert names(case["messages"], "text") == [*texts, "Nous transmettons."]
    assert await database.fetchval("SELECT count(*) FROM exchange_part") == 0


async def test_a_transfer_waits_for_the_parts_that_it_refers_to(
    sat: Program, delegate: Program, neighbour: Program, life: Life, inbox: Inbox, database: Database
) -> None:
    texts = await wrote(life)
    await answered(sat, delegate, life, TRANSFER)
    first, *others, transfer = await transferred(database)
    await inbox.process([first, transfer])
    assert (await database.fetchval("SELECT reason FROM inbox_held")).startswith("ExchangesMissing: 1 of 3 parts")
    assert await database.fetchval("SELECT code FROM inbox_held") == "waits_for_another"
    assert (await neighbour.get(f"/cases/{life.request_id}")).status_code == 404
    await inbox.process(others)
    async with database.transaction() as tx:
        await tx.execute("UPDATE inbox_held SET next_attempt_at = now()")
    await inbox.retry_held()
    case = (await neighbour.get(f"/cases/{life.request_id}")).json()
    assert names(case["messages"], "text") == texts
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0


async def test_lost_parts_of_a_transfer_are_announced_again(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await wrote(life)
    await answered(sat, delegate, life, TRANSFER)
    streams = await database.fetch("SELECT source, subject FROM stream")
    alone = await stream_heads.singles(database, sorted(handlers(Rules()).alone), streams)
    published = await database.fetch("SELECT id FROM journal WHERE type LIKE 'qualification.%_transferred.v1'")
    assert len(published) == 4
    assert {row["id"] for row in alone} == {row["id"] for row in published}


def a_validated(outcome: Outcome) -> tuple[Case, Proposal]:
    """A case whose outcome was validated just now."""
    at = clock.now()
    case = Case(
        request_id=uuid4(),
        departement="95",
        number="95-2026-000001",
        request=a_request(),
        opened_at=at,
        state=State.PROPOSED,
        state_since=at,
    )
    chief = Actor(role=Role.DELEGATE, name="Délégué")
    return case, Proposal(
        outcome=outcome, motive="m", by=chief, at=at, departement="78", validated_by=chief, validated_at=at
    )


@pytest.mark.parametrize(
    ("outcome", "kind"), [(Outcome.ESCALATION, ExchangesShared), (Outcome.TRANSFER, ExchangesTransferred)]
)
def test_only_the_latest_steps_stay_in_the_dossier(outcome: Outcome, kind: type) -> None:
    case, proposal = a_validated(outcome)
    steps = tuple(
        DossierStep(at=case.opened_at + timedelta(minutes=number), type="intake.message_posted.v1", label=str(number))
        for number in range(LATEST_STEPS + 1_000)
    )
    dossier = Dossier(request=case.request, history=steps)
    light, parts = hand_over(case, proposal, dossier, exchange_id=uuid4())
    assert {type(part) for part in parts} == {kind}
    assert [part.part for part in parts] == [1, 2]
    assert (*(step for part in parts for step in part.history), *light.history) == steps
    assert light.history == steps[-LATEST_STEPS:]
    assert light.exchanges is not None
    assert (light.exchanges.parts, light.exchanges.messages, light.exchanges.steps) == (2, 0, 1_000)


def test_a_dossier_without_messages_refers_to_nothing() -> None:
    case, proposal = a_validated(Outcome.ESCALATION)
    dossier = Dossier(request=case.request)
    assert hand_over(case, proposal, dossier, exchange_id=uuid4()) == (dossier, [])
