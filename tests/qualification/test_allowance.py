"""How much a département may write about a case: refused with words, never lost."""

from collections.abc import Awaitable, Callable

import pytest

from shared.allowance import Allowance
from shared.db import Database
from shared.identity.model import Agent
from tests.qualification.acting import done
from tests.qualification.conftest import Browser, Program, within
from tests.qualification.life import Life

MOST = Allowance()


async def wrote(database: Database, life: Life, *, notes: bool, count: int, days_ago: int) -> None:
    """So much was written before."""
    where, who = ("case_note", "") if notes else ("case_message", ", team")
    async with database.transaction() as tx:
        await tx.execute(
            f"""
            INSERT INTO {where} (id, request_id, departement, at, author, text{who})
            SELECT gen_random_uuid(), $1, '95', now() - make_interval(days => $2), 'Agent', 'Déjà écrit.'
                {", 'departement'" if who else ""}
            FROM generate_series(1, $3)
            """,
            life.request_id,
            days_ago,
            count,
        )


@pytest.mark.parametrize(
    ("count", "days_ago", "status", "code"),
    [(MOST.texts_a_day, 0, 429, "too_many_texts"), (MOST.texts, 3, 409, "too_much_written")],
)
async def test_a_departement_writes_so_much_and_no_more(
    sat: Program, life: Life, database: Database, count: int, days_ago: int, status: int, code: str
) -> None:
    await done(sat, life, "examination")
    await wrote(database, life, notes=False, count=count, days_ago=days_ago)
    for path, body in (("messages", {"text": "Encore."}), ("information-request", {"items": ["Un plan"]})):
        refused = await sat.post(f"/cases/{life.request_id}/{path}", body)
        assert (refused.status_code, refused.json()["code"]) == (status, code)
    await done(sat, life, "notes", {"text": "À rappeler."})
    await wrote(database, life, notes=True, count=count, days_ago=days_ago)
    refused = await sat.post(f"/cases/{life.request_id}/notes", {"text": "Encore."})
    assert (refused.status_code, refused.json()["code"]) == (status, code)


async def test_the_page_shows_what_was_typed_and_says_why_it_was_not_sent(
    browser: Callable[[Agent], Awaitable[Browser]], sat: Program, life: Life, database: Database
) -> None:
    await done(sat, life, "examination")
    await wrote(database, life, notes=False, count=MOST.texts_a_day, days_ago=0)
    agent, page = await browser(sat.agent), f"/demandes/{life.request_id}"
    refused = await agent.send(page, f"{page}/messages", **within("messages", text="Un texte à ne pas perdre."))
    assert refused.status_code == 429
    assert "Un texte à ne pas perdre." in refused.text
    assert "envoyez-le demain" in refused.text
