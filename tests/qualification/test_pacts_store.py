"""Pacts in PostgreSQL: what is kept comes back, and two people at once do nothing twice."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import UUID

import asyncpg
import pytest

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_diagnosis import Indicator
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_plan import InCharge
from services.qualification.domain.pact_refusals import (
    AlreadySigned,
    PactAlreadyOpened,
    PlanFrozen,
    PlanNotReady,
    StateNeedsDelegate,
)
from services.qualification.domain.rules import Rules
from services.qualification.reads.pact_views import PactText, VersionView
from services.qualification.store import pacts as store
from services.qualification.usecases.context import Context
from services.qualification.usecases.pacts import leading, versions
from services.qualification.usecases.pacts.leading import AgreeForParty, PlanAction, ShareDiagnosis, SignForParty
from services.qualification.usecases.pacts.opening import OpenPact, open_pact
from services.qualification.usecases.pacts.parties import NamedParty
from shared import clock
from shared.commands import Nothing
from shared.db import Database, Transaction
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from shared.territory import Territories
from tests.qualification.conftest import Program
from tests.qualification.life import Life, in_days

DIAGNOSIS = ShareDiagnosis(strengths=["Un port"], indicators=[Indicator(name="Commerces", value="12")])
OWNERS: Final = (
    Path(__file__).resolve().parents[2] / "services" / "qualification" / "migrations" / "1141_pact_owners.sql"
)
PARTIES = [NamedParty(name="CC du Vexin"), NamedParty(name="Magny-en-Vexin")]


async def paper(text: PactText, version: VersionView | None) -> bytes:
    """Print a version as its text, which is enough to tell one from another."""
    return repr((text, version and version.signatures)).encode()


class Desk:
    """What a pact needs to be opened, and steps in its life."""

    def __init__(self, database: Database, rules: Rules, territories: Territories, sat: Agent, delegate: Agent) -> None:
        self.database = database
        self.rules = rules
        self.territories = territories
        self.sat = sat
        self.delegate = delegate

    def do(self, tx: Transaction, by: Agent) -> Context:
        """What a use case is given."""
        return Context(tx, by, clock.now(), self.rules, self.territories, paper)

    async def opened(self, request_id: UUID | None = None) -> UUID:
        """A pact between the State, a community and a commune."""
        pact = OpenPact(title="Pacte du Vexin", departement="95", parties=PARTIES, request_id=request_id)
        async with self.database.transaction() as tx:
            return await open_pact(self.do(tx, self.sat), pact)

    async def share(self, pact_id: UUID) -> None:
        """A diagnosis is put on the table."""
        async with self.database.transaction() as tx:
            await leading.share_diagnosis(self.do(tx, self.sat), pact_id, DIAGNOSIS)

    async def shared(self) -> UUID:
        """A diagnosis is on the table."""
        pact_id = await self.opened()
        await self.share(pact_id)
        return pact_id

    async def agree(self, pact_id: UUID, party: str, by: Agent) -> None:
        """A party agrees."""
        async with self.database.transaction() as tx:
            await leading.agree(self.do(tx, by), pact_id, AgreeForParty(party=party))

    async def planned(self) -> UUID:
        """Every party agreed, and the plan has an action."""
        pact_id = await self.shared()
        for party, by in (("État", self.delegate), ("CC du Vexin", self.sat), ("Magny-en-Vexin", self.sat)):
            await self.agree(pact_id, party, by)
        action = PlanAction(
            title="Une halle",
            owner="Magny-en-Vexin",
            due_on=in_days(100),
            partners=["CC du Vexin", " CC du Vexin "],
            budget_cents=1_000_00,
        )
        async with self.database.transaction() as tx:
            await leading.add_action(self.do(tx, self.sat), pact_id, action)
        return pact_id

    async def step(self, pact_id: UUID, take: Callable[[Context, UUID, Nothing], Awaitable[None]]) -> None:
        """Take a step that needs nothing more."""
        async with self.database.transaction() as tx:
            await take(self.do(tx, self.sat), pact_id, Nothing())

    async def ready(self) -> UUID:
        """The plan is ready to be signed."""
        pact_id = await self.planned()
        await self.step(pact_id, versions.make_ready)
        return pact_id

    async def sign(self, pact_id: UUID, party: str, by: Agent) -> None:
        """A party signs."""
        async with self.database.transaction() as tx:
            await leading.sign(self.do(tx, by), pact_id, SignForParty(party=party))

    async def loaded(self, pact_id: UUID) -> Pact:
        """The pact as it is kept."""
        async with self.database.transaction() as tx:
            pact = await store.load_for_agent(tx, pact_id, ["95"])
        assert pact is not None
        return pact

    async def told(self, pact_id: UUID) -> list[str]:
        """What was told of the pact, in order."""
        rows = await self.database.fetch("SELECT type FROM journal WHERE subject = $1 ORDER BY sequence", str(pact_id))
        return [row["type"].split(".")[1] for row in rows]


@pytest.fixture
def desk(database: Database, rules: Rules, territories: Territories, sat: Program, delegate: Program) -> Desk:
    """The département's desk."""
    return Desk(database, rules, territories, sat.agent, delegate.agent)


async def test_what_is_kept_comes_back(desk: Desk) -> None:
    pact = await desk.loaded(await desk.planned())
    assert pact.state is PactState.PLANNING
    assert (pact.version, pact.agreed_on is not None, pact.signed_on) == (1, True, None)
    assert [party.name for party in pact.parties] == ["État", "CC du Vexin", "Magny-en-Vexin"]
    assert all(party.agreed_on for party in pact.parties)
    (action,) = pact.actions
    owner, partner = pact.parties[2], pact.parties[1]
    assert (action.title, action.budget_cents) == ("Une halle", 100_000)
    assert action.owner == InCharge(owner.id, "Magny-en-Vexin")
    assert action.partners == (InCharge(partner.id, "CC du Vexin"),)


async def test_outside_the_perimeter_there_is_no_pact(desk: Desk, neighbour: Program) -> None:
    pact_id = await desk.shared()
    with pytest.raises(NotFound):
        await desk.agree(pact_id, "CC du Vexin", neighbour.agent)


async def test_of_agreements_given_at_once_exactly_one_completes(desk: Desk, database: Database) -> None:
    pact_id = await desk.shared()
    await asyncio.gather(
        desk.agree(pact_id, "État", desk.delegate),
        desk.agree(pact_id, "CC du Vexin", desk.sat),
        desk.agree(pact_id, "Magny-en-Vexin", desk.sat),
    )
    assert (await desk.loaded(pact_id)).state is PactState.PLANNING
    complete = await database.fetchval(
        """
        SELECT count(*)
        FROM journal
        WHERE subject = $1
          AND type = 'qualification.pact_diagnosis_agreed.v1'
          AND body::jsonb #>> '{data,complete}' = 'true'
        """,
        str(pact_id),
    )
    assert complete == 1


async def test_a_party_that_signs_twice_at_once_signs_once(desk: Desk) -> None:
    pact_id = await desk.ready()
    answers = await asyncio.gather(
        *(desk.sign(pact_id, "CC du Vexin", desk.sat) for _ in range(3)), return_exceptions=True
    )
    assert [isinstance(answer, AlreadySigned) for answer in answers].count(False) == 1
    assert (await desk.told(pact_id)).count("pact_signed") == 1


async def test_the_last_signature_and_a_plan_taken_back_exclude_each_other(desk: Desk) -> None:
    pact_id = await desk.ready()
    answers = await asyncio.gather(
        desk.sign(pact_id, "CC du Vexin", desk.sat), desk.step(pact_id, versions.reopen), return_exceptions=True
    )
    assert [type(answer) for answer in answers if answer is not None] in ([PlanFrozen], [PlanNotReady])


async def test_what_is_ready_or_signed_is_kept_as_it_was(desk: Desk, database: Database) -> None:
    pact_id = await desk.ready()
    ready = await database.fetchrow("SELECT * FROM pact_version WHERE pact_id = $1", pact_id)
    assert ready is not None
    assert ready["sha256"] == hashlib.sha256(ready["document"]).hexdigest()
    assert (ready["state"], ready["signed_document"]) == ("to_sign", None)
    for party, by in (("État", desk.delegate), ("CC du Vexin", desk.sat), ("Magny-en-Vexin", desk.sat)):
        await desk.sign(pact_id, party, by)
    signed = await database.fetchrow("SELECT * FROM pact_version WHERE pact_id = $1", pact_id)
    assert signed is not None
    assert (signed["document"], signed["content"]) == (ready["document"], ready["content"])
    assert signed["signed_sha256"] == hashlib.sha256(signed["signed_document"]).hexdigest()
    assert [each["party"] for each in signed["signatures"]] == ["État", "CC du Vexin", "Magny-en-Vexin"]
    assert {each["sha256"] for each in signed["signatures"]} == {ready["sha256"]}
    await desk.step(pact_id, versions.start_version)
    pact = await desk.loaded(pact_id)
    assert (pact.number, pact.stage, pact.state) == (2, PactState.PLANNING, PactState.SIGNED)
    assert not any(party.signed_on for party in pact.parties)
    assert pact.kept is not None
    assert pact.kept.actions == pact.actions
    assert await database.fetchrow("SELECT * FROM pact_version WHERE pact_id = $1", pact_id) == signed


async def test_what_was_signed_before_versions_were_kept_is_written_when_it_is_amended(
    desk: Desk, database: Database
) -> None:
    pact_id = await desk.ready()
    for party, by in (("État", desk.delegate), ("CC du Vexin", desk.sat), ("Magny-en-Vexin", desk.sat)):
        await desk.sign(pact_id, party, by)
    async with database.transaction() as tx:
        await tx.execute("UPDATE pact SET ready_at = NULL")
        await tx.execute(
            "UPDATE pact_version SET content = '{}', signatures = '[]', document = NULL, sha256 = NULL,"
            " signed_document = NULL, signed_sha256 = NULL"
        )
    await desk.step(pact_id, versions.start_version)
    pact = await desk.loaded(pact_id)
    assert pact.kept is not None
    assert [action.title for action in pact.kept.actions] == ["Une halle"]
    kept = await database.fetchval("SELECT signatures FROM pact_version WHERE pact_id = $1", pact_id)
    assert len(kept) == 3


async def test_a_refused_act_leaves_no_trace(desk: Desk) -> None:
    pact_id = await desk.shared()
    before = await desk.told(pact_id)
    with pytest.raises(StateNeedsDelegate):
        await desk.agree(pact_id, "État", desk.sat)
    assert await desk.told(pact_id) == before
    assert not any(party.agreed_on for party in (await desk.loaded(pact_id)).parties)


async def test_agreements_to_an_earlier_version_are_kept_but_count_no_more(desk: Desk, database: Database) -> None:
    pact_id = await desk.shared()
    await desk.agree(pact_id, "CC du Vexin", desk.sat)
    await desk.share(pact_id)
    assert not any(party.agreed_on for party in (await desk.loaded(pact_id)).parties)
    assert await database.fetchval("SELECT version FROM pact_agreement WHERE pact_id = $1", pact_id) == 1


async def test_of_two_pacts_opened_at_once_from_one_request_one_is_refused(desk: Desk, inbox: Inbox) -> None:
    life = Life(inbox)
    await life.submitted()
    answers = await asyncio.gather(desk.opened(life.request_id), desk.opened(life.request_id), return_exceptions=True)
    assert [type(answer) for answer in answers if isinstance(answer, Exception)] == [PactAlreadyOpened]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pact SET state = 'signed'",
        "UPDATE pact SET version = 0",
        "UPDATE pact SET reviewed_on = '2020-01-01', signed_on = '2021-01-01'",
        "UPDATE pact_action SET percent = 101",
        "UPDATE pact_action SET status = 'done'",
        "UPDATE pact_party SET kind = 'state'",
    ],
)
async def test_the_database_refuses_pacts_that_cannot_be(desk: Desk, database: Database, statement: str) -> None:
    await desk.planned()
    with pytest.raises(asyncpg.IntegrityConstraintViolationError):
        async with database.transaction() as tx:
            await tx.execute(statement)


async def test_owners_that_were_written_as_a_party_is_called_are_that_party(desk: Desk, database: Database) -> None:
    pact_id = await desk.planned()
    pact = await desk.loaded(pact_id)
    epci, commune = pact.parties[1].id, pact.parties[2].id

    async def written(owner: str, partners: list[str]) -> tuple[UUID | None, list[UUID] | None]:
        async with database.transaction() as tx:
            await tx.execute(
                "UPDATE pact_action SET owner = $1, partners = $2, owner_id = NULL, partner_ids = NULL", owner, partners
            )
            for statement in (
                OWNERS.read_text().partition("-- migrate:up")[2].partition("-- migrate:down")[0].split(";")
            ):
                if statement.strip():
                    await tx.execute(statement)
            row = await tx.fetchrow("SELECT owner_id, partner_ids FROM pact_action")
        assert row is not None
        return row["owner_id"], row["partner_ids"]

    assert await written(" magny-en-vexin ", ["cc  du vexin"]) == (commune, [epci])
    assert await written("Magny-en-Vexin", []) == (commune, [])
    assert await written("La mairie", ["CC du Vexin", "CAUE"]) == (None, None)
