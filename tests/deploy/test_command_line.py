"""`cousu-main`: agents and tokens, as an administrator types them."""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

from services.operations.store import record
from shared import clock
from shared.db import Database
from shared.identity import store
from tests.command_line import Ran, command


async def run(url: str, *arguments: str) -> Ran:
    """Run the command against one database of qualification, without what lies in `.run`."""
    told = {"COUSU_ENVIRONMENT_FILE": os.devnull, "QUALIFICATION_DATABASE_URL": url}
    return await command(*arguments, environment=os.environ | told)


QUALIFICATION = ("--service", "qualification", "--email", "sat95@cousu.test")
AN_AGENT = (*QUALIFICATION, "--role", "sat_agent", "--departement", "95")


async def test_a_token_is_printed_alone_and_acts_as_the_agent(database_url: Callable[[str], Awaitable[str]]) -> None:
    url = await database_url("qualification")
    assert (await run(url, "agent", "add", *AN_AGENT)).code == 0
    ran = await run(url, "agent", "token", *QUALIFICATION)
    token = ran.output.removesuffix("\n")
    assert token
    assert token.split() == [token]
    database = await Database.connect(url, name="test")
    agent = await store.agent_by_token(database, token, at=clock.now())
    assert agent is not None
    assert agent.email == "sat95@cousu.test"
    assert (await run(url, "agent", "revoke", *QUALIFICATION)).output == "1 revoked\n"
    assert await store.agent_by_token(database, token, at=clock.now()) is None
    await database.close()


async def test_a_token_ends_when_it_was_told_to(database_url: Callable[[str], Awaitable[str]]) -> None:
    url = await database_url("qualification")
    await run(url, "agent", "add", *AN_AGENT)
    token = (await run(url, "agent", "token", *QUALIFICATION, "--expires", "2030-01-01")).output.strip()
    database = await Database.connect(url, name="test")
    assert await store.agent_by_token(database, token, at=datetime(2029, 12, 31, tzinfo=UTC)) is not None
    assert await store.agent_by_token(database, token, at=datetime(2030, 1, 1, tzinfo=UTC)) is None
    await database.close()


async def test_whole_addresses_and_token_ids_are_shown_to_programs(
    database_url: Callable[[str], Awaitable[str]],
) -> None:
    url = await database_url("qualification")
    await run(url, "agent", "add", *AN_AGENT, "--name", "Agent SAT du Val-d’Oise")
    await run(url, "agent", "token", *QUALIFICATION, "--name", "a very long description of what this token is for")
    assert "sat95@cousu.test" in (await run(url, "agent", "list", "--service", "qualification")).output
    database = await Database.connect(url, name="test")
    agent = await store.agent_by_email(database, "sat95@cousu.test")
    (token,) = await store.list_tokens(database, agent_id=agent.id)
    await database.close()
    assert str(token.id) in (await run(url, "agent", "tokens", *QUALIFICATION)).output


async def test_a_token_ends_after_ninety_days_unless_told_otherwise(
    database_url: Callable[[str], Awaitable[str]],
) -> None:
    url = await database_url("qualification")
    await run(url, "agent", "add", *AN_AGENT)
    tokens = [
        (await run(url, "agent", "token", *QUALIFICATION, *more)).output.strip() for more in ((), ("--days", "7"))
    ]
    database = await Database.connect(url, name="test")
    for token, days in zip(tokens, (90, 7), strict=True):
        for offset, known in ((-1, True), (1, False)):
            at = clock.now() + timedelta(days=days, hours=offset)
            assert (await store.agent_by_token(database, token, at=at) is not None) is known
    await database.close()


async def test_who_gave_and_took_which_right_is_recorded(database_url: Callable[[str], Awaitable[str]]) -> None:
    url = await database_url("qualification")
    who = ("--by", "camille", "--why", "arrivée au SAT")
    await run(url, "agent", "add", *AN_AGENT, *who)
    await run(url, "agent", "add", *AN_AGENT, *who)
    await run(url, "agent", "token", *QUALIFICATION, "--name", "tableur", *who)
    await run(url, "agent", "revoke", *QUALIFICATION, *who)
    await run(url, "agent", "remove", *QUALIFICATION, *who)
    database = await Database.connect(url, name="test")
    noted = await record.latest(database, "qualification")
    await database.close()
    assert {(one.by, one.why) for one in noted} == {("camille", "arrivée au SAT")}
    assert [one.action for one in reversed(noted)] == ["agent.add", "agent.token", "agent.revoke", "agent.remove"]
    assert noted[-1].target == "sat95@cousu.test: sat_agent 95"
    assert "tableur" in noted[-2].target


async def test_a_removed_agent_is_nobody(database_url: Callable[[str], Awaitable[str]]) -> None:
    url = await database_url("qualification")
    await run(url, "agent", "add", *AN_AGENT)
    assert (await run(url, "agent", "remove", *QUALIFICATION)).code == 0
    ran = await run(url, "agent", "token", *QUALIFICATION)
    assert ran.code == 1
    assert ran.output == ""
    assert ran.errors == "Aucun agent n’a cette adresse dans ce service.\n"


async def test_a_departemental_agent_without_departement_is_refused_with_the_field(
    database_url: Callable[[str], Awaitable[str]],
) -> None:
    url = await database_url("qualification")
    ran = await run(url, "agent", "add", *QUALIFICATION, "--role", "sat_agent")
    assert ran.code == 1
    assert "departements: " in ran.errors


async def test_what_is_not_told_is_named() -> None:
    ran = await run("", "agent", "list", "--service", "qualification")
    assert ran.code == 1
    assert ran.errors == ("QUALIFICATION_DATABASE_URL is not set. Set it, or start `make run` once in this folder.\n")


async def test_a_database_that_is_away_is_one_sentence(free_ports: Callable[[int], list[int]]) -> None:
    ran = await run(f"postgresql://a:b@127.0.0.1:{free_ports(1)[0]}/c", "agent", "list", "--service", "qualification")
    assert ran.code == 1
    assert ran.errors.count("\n") == 1
    assert "away" in ran.errors
