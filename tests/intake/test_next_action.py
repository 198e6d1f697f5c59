"""What is expected next is stored as a code, and rows that hold the French words are read and rewritten."""

from pathlib import Path

import pytest

import services.intake
from services.intake.domain.next_action import NextAction
from services.intake.domain.withdrawal import Expected, Standing, Withdrawal, WithdrawalState
from services.intake.store import requests
from shared.contracts.vocabulary import Team
from shared.db import Database
from shared.french.words import NEXT_ACTION, next_action_word
from tests.intake.facts import a_tracked_request, at

MIGRATION = Path(services.intake.__file__).parent / "migrations" / "1150_codes_of_next_actions.sql"


@pytest.mark.parametrize("action", NextAction)
def test_each_has_words_of_its_own_by_which_older_rows_are_read(action: NextAction) -> None:
    assert NextAction(NEXT_ACTION[action]) is action
    assert next_action_word(action) == next_action_word(NEXT_ACTION[action]) == NEXT_ACTION[action]


def test_no_words_are_left_without_their_action() -> None:
    assert set(NEXT_ACTION) == set(NextAction)


def test_other_words_are_no_action() -> None:
    with pytest.raises(ValueError, match="not a valid NextAction"):
        NextAction("Patienter.")


async def test_the_migration_gives_older_rows_their_codes_and_leaves_the_others(database: Database) -> None:
    tracked = a_tracked_request()
    expected = Expected(Team.DEPARTEMENT, NextAction.BEGIN_EXAMINATION)
    standing = Standing(tracked.status, tracked.status_at, Team.DEPARTEMENT, expected)
    tracked.withdrawal = Withdrawal(at(1), WithdrawalState.REQUESTED, beneath=standing)
    async with database.transaction() as tx:
        await requests.add(tx, tracked, filed_from=None)
        await requests.save(tx, tracked)
    read = "SELECT expected, withdrawal FROM request"
    stored = await database.fetchrow(read)
    assert stored is not None
    assert stored["expected"]["what"] == "register"
    async with database.transaction() as tx:
        await tx.execute(
            """
            UPDATE request SET
                expected = jsonb_set(expected, '{what}', '"Enregistrer votre demande."'),
                withdrawal = jsonb_set(
                    withdrawal, '{beneath,expected,what}', '"Commencer l’examen de votre demande."'
                )
            """
        )
    older = await database.fetchrow(f"SELECT {requests.COLUMNS} FROM request")
    assert older is not None
    assert requests.tracked_of(older) == tracked
    for _ in range(2):
        async with database.transaction() as tx:
            await tx.execute(MIGRATION.read_text().removeprefix("-- migrate:up"))
        assert await database.fetchrow(read) == stored
