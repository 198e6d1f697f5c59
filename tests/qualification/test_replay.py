"""What a département shows is what was told, also where its clock went back."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers
from shared.contracts import escalation, intake
from shared.db import Database
from tests.qualification.acting import ESCALATION, ORIENTATION, done
from tests.qualification.conftest import LINKS, Client, Program
from tests.qualification.life import GRID, NATIONAL, Life, in_days, names
from tests.qualification.test_pacts_api import ACTION, COMMUNE, must, signed
from tests.rebuilt import BEHIND, FreshDatabases, Overheard, assert_it_shows_what_was_told, moments_told
from tests.wrong_clock import set_clock


async def test_a_case_is_rebuilt_alike_though_the_clock_went_back_while_it_was_led(
    database: Database,
    rules: Rules,
    client: Client,
    sat: Program,
    delegate: Program,
    database_url: Callable[[str], Awaitable[str]],
    fresh_database: FreshDatabases,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    others = await Database.connect(await database_url("shared"), name="others")
    life = Life(Overheard(database, handlers(rules), others))
    filed_at = datetime.now(UTC)
    await life.submitted(at=filed_at)
    set_clock(monkeypatch, -BEHIND)
    await done(sat, life, "examination")
    await done(sat, life, "information-request", {"items": ["Le plan du bourg"], "until": str(in_days(30))})
    given = intake.InformationProvided(**life.about(datetime.now(UTC)), text="Le plan est joint.")
    await life.tell(given)
    await done(sat, life, "messages", {"text": "Bien reçu."})
    await done(sat, life, "qualification", GRID)
    await done(sat, life, "proposal", ORIENTATION)
    await done(delegate, life, "validation")
    orientation = await database.fetchval("SELECT id FROM orientation")
    await done(sat, life, "orientation-link", {"email": "autre@caue.test"})
    declined = await client.post(
        f"/api/v1/orientations/{LINKS.token(orientation, 2)}/decline", json={"motive": "Complet."}
    )
    assert declined.status_code == 200, declined.text
    await done(sat, life, "proposal", ESCALATION)
    await done(delegate, life, "rejection", {"motive": "Le CAUE d’abord."})
    await done(sat, life, "proposal", ESCALATION)
    await done(delegate, life, "validation")
    await life.tell(
        escalation.InformationRequested(
            **life.about(datetime.now(UTC)), question="Le foncier ?", until=None, by=NATIONAL
        )
    )
    await done(sat, life, "answer", {"text": "Maîtrisé."})
    await life.tell(
        escalation.EscalationReturned(**life.about(datetime.now(UTC)), motive="Une offre locale existe.", by=NATIONAL)
    )
    support = {"outcome": "local_support", "motive": "Utile.", "support_types": ["ingenierie_projet"]}
    await done(sat, life, "proposal", {**support, "amount_cents": 10_000})
    await done(delegate, life, "validation")
    told = await moments_told(database)
    assert len(told) == 19
    assert all(before < after for before, after in pairwise([filed_at, *told]))
    await assert_it_shows_what_was_told(
        "qualification", {"qualification": database, "others": others}, fresh_database, rows=25
    )
    await others.close()


async def test_a_pact_is_rebuilt_alike_from_its_opening_to_its_amendment(
    database: Database,
    sat: Program,
    delegate: Program,
    database_url: Callable[[str], Awaitable[str]],
    fresh_database: FreshDatabases,
) -> None:
    others = await Database.connect(await database_url("shared"), name="others")
    pact, action = await signed(sat, delegate)
    await must(sat, f"{pact}/progress", {"action_id": action, "percent": 40})
    await must(sat, f"{pact}/versions")
    shown = await must(
        sat, f"{pact}/parties", {"kind": "commune", "code": "95500", "email": "mairie@pontoise.test"}, 201
    )
    added, epci = shown["parties"][-1], shown["parties"][1]
    await must(sat, f"{pact}/agreements", {"party": added["id"]})
    await must(sat, f"{pact}/parties/{added['id']}/correction", {"name": "Cergy", "kind": "commune"})
    await must(sat, f"{pact}/actions/{action}/correction", {**ACTION, "partners": []})
    await must(sat, f"{pact}/parties/{epci['id']}/removal")
    await must(sat, f"{pact}/readiness")
    for who, party in ((delegate, "État"), (sat, COMMUNE)):
        await must(who, f"{pact}/signatures", {"party": party})
    await must(sat, f"{pact}/versions")
    await must(sat, f"{pact}/readiness")
    await must(sat, f"{pact}/reopening")
    await must(sat, f"{pact}/readiness")
    for who, party in ((delegate, "État"), (sat, COMMUNE), (sat, "Cergy")):
        shown = await must(who, f"{pact}/signatures", {"party": party})
    assert (shown["number"], names(shown["parties"], "name")) == (3, ["État", COMMUNE, "Cergy"])
    await must(sat, f"{pact}/versions")
    await must(sat, f"{pact}/parties", {"kind": "commune", "code": "95637"}, 201)
    await must(sat, f"{pact}/giving-up")
    await must(sat, f"{pact}/reviews", {"summary": "Le plan avance."}, 201)
    await assert_it_shows_what_was_told(
        "qualification", {"qualification": database, "others": others}, fresh_database, rows=8
    )
    await others.close()
