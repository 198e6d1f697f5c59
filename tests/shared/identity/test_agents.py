"""Who an agent is, what they see, and how programs act for them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any

import asyncpg
import pytest

from shared import clock
from shared.db import Database
from shared.errors import Forbidden, Invalid
from shared.identity import store
from shared.identity.model import Agent, Role
from shared.identity.store import NoSuchAgent, Person


@pytest.fixture
async def database(fresh_database: Callable[[str], Awaitable[Any]]) -> AsyncIterator[Database]:
    """A service's own database, with the rights of the running service."""
    database = await Database.connect((await fresh_database("shared")).app_url, name="test")
    yield database
    await database.close()


async def an_agent(database: Database, **changes: Any) -> Agent:
    """Create the SAT agent of the Val-d'Oise."""
    facts = {"email": "sat95@cousu.test", "name": "SAT 95", "roles": [Role.SAT_AGENT], "departements": ["95"]}
    async with database.transaction() as tx:
        return await store.add_agent(tx, **{"at": clock.now(), **facts, **changes})


async def a_token(database: Database, agent: Agent, *, at: datetime, expires_at: datetime | None = None) -> str:
    """Issue a token."""
    async with database.transaction() as tx:
        return await store.issue_token(tx, agent_id=agent.id, name="essai", at=at, expires_at=expires_at)


async def test_an_agent_signs_in_the_quality_that_was_entered_last(database: Database) -> None:
    agent = await an_agent(database, quality="  déléguée territoriale,\n par délégation du préfet ")
    assert agent.quality == "déléguée territoriale, par délégation du préfet"
    assert (await store.agent_by_email(database, agent.email)).quality == agent.quality
    assert (await an_agent(database)).quality is None


async def test_a_quality_that_no_letter_can_print_is_refused(database: Database) -> None:
    with pytest.raises(Invalid) as refused:
        await an_agent(database, quality="d" * (store.LONGEST_QUALITY + 1))
    assert refused.value.errors[0].field == "quality"


def somebody(**changes: Any) -> Agent:
    """Describe an agent without a database."""
    facts: dict[str, Any] = {"id": clock.new_id(), "email": "a@cousu.test", "name": "A", "roles": frozenset()}
    return Agent(**{**facts, **changes})


@pytest.mark.parametrize(
    ("role", "departements", "seen"),
    [
        (Role.SAT_AGENT, {"95"}, {"95"}),
        (Role.DELEGATE, {"95", "2A"}, {"95", "2A"}),
        (Role.NATIONAL_AGENT, set(), {"95", "2A", "971"}),
        (Role.COMMITTEE_SECRETARY, set(), {"95", "2A", "971"}),
        (Role.PROGRAMME_AGENT, set(), {"95", "2A", "971"}),
        (Role.OPERATOR, set(), {"95", "2A", "971"}),
        (Role.OPERATOR, {"95"}, {"95"}),
        (Role.AUDITOR, {"971"}, {"971"}),
    ],
)
def test_an_agent_sees_his_departements_and_national_roles_see_all(
    role: Role, departements: set[str], seen: set[str]
) -> None:
    agent = somebody(roles=frozenset({role}), departements=frozenset(departements))
    assert {code for code in ("95", "2A", "971") if agent.sees(code)} == seen
    assert agent.perimeter == (None if len(seen) == 3 else sorted(seen))


def test_somebody_without_a_role_sees_nothing() -> None:
    assert not somebody().sees("95")
    assert somebody().perimeter == []


def test_a_role_that_is_missing_is_refused() -> None:
    agent = somebody(roles=frozenset({Role.SAT_AGENT}))
    agent.require(Role.DELEGATE, Role.SAT_AGENT)
    with pytest.raises(Forbidden):
        agent.require(Role.DELEGATE)


async def test_an_agent_given_twice_is_what_was_given_last(database: Database) -> None:
    first = await an_agent(database)
    second = await an_agent(database, email=" SAT95@Cousu.Test ", roles=[Role.DELEGATE], departements=["95", "78"])
    assert second.id == first.id
    assert await store.list_agents(database) == [second]
    assert (set(second.roles), set(second.departements)) == ({Role.DELEGATE}, {"95", "78"})


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"roles": []}, "roles"),
        ({"departements": []}, "departements"),
        ({"roles": [Role.PROGRAMME_AGENT]}, "programmes"),
        ({"email": "nobody"}, "email"),
        ({"name": " "}, "name"),
    ],
    ids=str,
)
async def test_an_agent_that_makes_no_sense_is_refused(database: Database, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await an_agent(database, **changes)
    assert [error.field for error in refused.value.errors] == [field]
    assert await store.list_agents(database) == []


async def test_a_removed_agent_is_nobody_until_he_is_created_again(database: Database) -> None:
    agent = await an_agent(database)
    token = await a_token(database, agent, at=clock.now())
    async with database.transaction() as tx:
        await store.recognise(tx, Person("https://issuer", "sub-1", agent.email))
        await store.remove_agent(tx, email=agent.email, at=clock.now())
    assert await store.list_agents(database) == []
    assert await store.agent_by_token(database, token, at=clock.now()) is None
    assert await store.agent_by_subject(database, issuer="https://issuer", subject="sub-1") is None
    with pytest.raises(NoSuchAgent):
        await store.agent_by_email(database, agent.email)
    async with database.transaction() as tx:
        with pytest.raises(NoSuchAgent):
            await store.remove_agent(tx, email=agent.email, at=clock.now())
    again = await an_agent(database)
    assert again.id == agent.id
    assert await store.agent_by_token(database, token, at=clock.now()) is None


async def test_a_person_is_known_by_address_once_and_by_subject_ever_after(database: Database) -> None:
    agent = await an_agent(database)
    async with database.transaction() as tx:
        assert await store.recognise(tx, Person("https://issuer", "sub-1", "SAT95@cousu.test")) == agent
        assert await store.recognise(tx, Person("https://issuer", "sub-1", "other@cousu.test")) == agent
        assert await store.recognise(tx, Person("https://issuer", "sub-2", agent.email)) is None
        assert await store.recognise(tx, Person("https://other", "sub-1", agent.email)) is None
        assert await store.recognise(tx, Person("https://issuer", "sub-3", None)) is None


async def test_a_token_is_kept_nowhere(database: Database) -> None:
    token = await a_token(database, await an_agent(database), at=clock.now())
    rows = await database.fetch("SELECT * FROM agent_token")
    assert len(token) >= 43
    assert token not in str([dict(row) for row in rows])


async def test_a_token_works_until_it_expires(database: Database) -> None:
    agent, at = await an_agent(database), clock.now()
    token = await a_token(database, agent, at=at, expires_at=at + timedelta(hours=1))
    assert await store.agent_by_token(database, token, at=at + timedelta(minutes=59)) == agent
    assert await store.agent_by_token(database, token, at=at + timedelta(hours=1)) is None


async def test_one_token_is_revoked_without_the_others(database: Database) -> None:
    agent, at = await an_agent(database), clock.now()
    kept, lost = await a_token(database, agent, at=at), await a_token(database, agent, at=at + timedelta(seconds=1))
    newest = (await store.list_tokens(database, agent_id=agent.id))[0]
    async with database.transaction() as tx:
        assert await store.revoke_tokens(tx, agent_id=agent.id, at=clock.now(), token_id=newest.id) == 1
        assert await store.revoke_tokens(tx, agent_id=agent.id, at=clock.now(), token_id=newest.id) == 0
    assert await store.agent_by_token(database, kept, at=clock.now()) == agent
    assert await store.agent_by_token(database, lost, at=clock.now()) is None


async def test_the_use_of_a_token_is_noted_once_a_minute(database: Database) -> None:
    agent, at = await an_agent(database), clock.now()
    token = await a_token(database, agent, at=at)

    async def used(after: timedelta) -> datetime | None:
        await store.agent_by_token(database, token, at=at + after)
        return (await store.list_tokens(database, agent_id=agent.id))[0].last_used_at

    assert await used(timedelta(0)) == at
    assert await used(timedelta(seconds=59)) == at
    assert await used(timedelta(seconds=60)) == at + timedelta(seconds=60)


@pytest.mark.parametrize(
    "broken",
    [
        "UPDATE agent SET email = 'Upper@cousu.test'",
        "UPDATE agent SET roles = '{emperor}'",
        "UPDATE agent SET issuer = 'https://issuer'",
        "UPDATE agent SET departements = '{}'",
    ],
)
async def test_the_database_keeps_its_promises(database: Database, broken: str) -> None:
    await an_agent(database)
    with pytest.raises(asyncpg.CheckViolationError):
        async with database.transaction() as tx:
            await tx.execute(broken)
