"""What people wrote comes in parts, before the dossier that refers to it, and is shown as if it had come with it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.allowance import Allowance
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.qualification import (
    Dossier,
    DossierMessage,
    DossierStep,
    Exchanges,
    ExchangesShared,
)
from shared.contracts.vocabulary import Outcome, Team
from shared.db import Database
from tests.escalation.life import FILED_AT, Ear, Program, a_dossier, a_request_escalated, directed_to_programme


def a_message(number: int) -> DossierMessage:
    """One that the applicant wrote."""
    return DossierMessage(at=FILED_AT + timedelta(hours=number), author=Team.APPLICANT, text=f"Message {number}")


def shared(
    request_id: UUID, messages: Iterable[DossierMessage], outcome: Outcome = Outcome.ESCALATION
) -> tuple[list[ExchangesShared], Dossier]:
    """Give the parts, one for each message and one with an old step, and the dossier that refers to them."""
    exchange_id = new_id()
    step = DossierStep(at=FILED_AT - timedelta(days=1), type="intake.document_added.v1", label="Document ajouté")
    given: list[dict[str, Any]] = [*({"messages": (message,)} for message in messages), {"history": (step,)}]
    parts = [
        ExchangesShared(
            request_id=request_id,
            departement="95",
            at=FILED_AT + timedelta(days=2),
            exchange_id=exchange_id,
            part=number,
            outcome=outcome,
            **part,
        )
        for number, part in enumerate(given, start=1)
    ]
    refers = Exchanges(id=exchange_id, parts=len(parts), messages=len(parts) - 1, steps=1)
    return parts, a_dossier(messages=(), exchanges=refers)


async def shown(national: Program, request_id: UUID) -> list[str]:
    """Give the texts that the page of the dossier shows, in order."""
    return [message["text"] for message in (await national.get(f"/escalations/{request_id}"))["messages"]]


async def left(database: Database) -> int:
    """Count the parts that wait for their dossier."""
    count: int = await database.fetchval("SELECT count(*) FROM exchange_part")
    return count


async def test_a_dossier_is_shown_with_all_that_it_refers_to(ear: Ear, national: Program, database: Database) -> None:
    request_id = new_id()
    parts, dossier = shared(request_id, [a_message(number) for number in range(3)])
    await ear.hears(*parts)
    await ear.hears(a_request_escalated(request_id, dossier=dossier))
    assert await shown(national, request_id) == ["Message 0", "Message 1", "Message 2"]
    timeline = (await national.get(f"/escalations/{request_id}"))["timeline"]
    assert timeline[0]["label"] == "Document ajouté"
    assert await left(database) == 0


async def test_a_message_that_overtook_its_dossier_is_shown_once(ear: Ear, national: Program) -> None:
    request_id, message = new_id(), a_message(1)
    await ear.hears(
        intake.MessagePosted(
            request_id=request_id, departement="95", at=message.at, message_id=new_id(), text=message.text
        )
    )
    parts, dossier = shared(request_id, [message])
    await ear.hears(*parts, a_request_escalated(request_id, dossier=dossier))
    assert await shown(national, request_id) == ["Message 1"]


async def test_a_dossier_that_comes_again_shows_what_was_written_since(
    ear: Ear, national: Program, database: Database
) -> None:
    request_id = new_id()
    parts, dossier = shared(request_id, [a_message(0)])
    await ear.hears(*parts, a_request_escalated(request_id, dossier=dossier))
    await national.post(f"/escalations/{request_id}/return", {"motive": "À compléter."})
    again, second = shared(request_id, [a_message(0), a_message(1)])
    await ear.hears(*again, a_request_escalated(request_id, dossier=second))
    assert await shown(national, request_id) == ["Message 0", "Message 1"]
    assert await left(database) == 0


async def test_a_dossier_that_was_published_with_its_messages_is_read_as_ever(ear: Ear, national: Program) -> None:
    fact = a_request_escalated()
    await ear.hears(fact)
    assert await shown(national, fact.request_id) == ["Voici le plan du bourg."]


async def test_a_programme_has_what_was_written(ear: Ear, database: Database) -> None:
    request_id = new_id()
    parts, dossier = shared(request_id, [a_message(0)], Outcome.PROGRAMME)
    await ear.hears(*parts, directed_to_programme(request_id).model_copy(update={"dossier": dossier}))
    kept = Dossier.model_validate(await database.fetchval("SELECT dossier FROM programme_request"))
    assert [message.text for message in kept.messages] == ["Message 0"]
    assert await left(database) == 0


async def test_a_dossier_waits_for_the_parts_that_it_refers_to(ear: Ear, database: Database) -> None:
    request_id = new_id()
    _, dossier = shared(request_id, [a_message(0)])
    fact = a_request_escalated(request_id, dossier=dossier)
    await ear.inbox.process([ear.message(fact)])
    assert (await database.fetchval("SELECT reason FROM inbox_held")).startswith("ExchangesMissing: 0 of 2 parts")
    assert await database.fetchval("SELECT code FROM inbox_held") == "waits_for_another"
    assert await database.fetchval("SELECT count(*) FROM escalation") == 0
    assert await database.fetchval("SELECT count(*) FROM journal") == 0


@pytest.mark.parametrize(
    ("table", "path", "body"), [("note", "notes", {"text": "À revoir."}), ("question", "information-request", None)]
)
async def test_the_team_writes_so_much_about_a_dossier_and_no_more(
    national: Program, received: str, database: Database, table: str, path: str, body: dict[str, str] | None
) -> None:
    columns = {"note": "at, text, by", "question": "asked_at, question, asked_by"}[table]
    async with database.transaction() as tx:
        await tx.execute(
            f"""
            INSERT INTO {table} (id, request_id, {columns})
            SELECT gen_random_uuid(), $1, now() - interval '3 days', 'Déjà dit.', '{{}}' FROM generate_series(1, $2)
            """,
            UUID(received),
            Allowance().texts,
        )
    problem = await national.refused(f"/escalations/{received}/{path}", body or {"question": "Le foncier ?"}, 409)
    assert problem["code"] == "too_much_written"
