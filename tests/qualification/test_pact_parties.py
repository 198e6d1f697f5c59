"""A party of a pact agrees, signs and tells how its actions go by its link, without an account."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_plan import InCharge
from services.qualification.domain.pact_refusals import AnotherPartysAction, StateHasNoLink
from services.qualification.domain.people import Representative
from services.qualification.domain.rules import Rules
from services.qualification.usecases.pacts.versions import remind_to_sign
from shared import clock
from shared.db import Database
from tests.qualification.conftest import PACT_LINKS, Browser, Client, Program, within
from tests.qualification.life import names
from tests.qualification.test_pacts_api import (
    ACTION,
    COMMUNE,
    DIAGNOSIS,
    EPCI,
    must,
    opened,
    planned,
    ready,
    shared,
    signed,
)
from tests.qualification.test_pacts_domain import AT, SAT, TODAY, Steps, an_action

MAYOR = {"name": "La maire"}
PRESIDENT = {"name": "Le président"}


async def sent(database: Database, party: str = EPCI) -> list[dict[str, Any]]:
    """Give what was told of the links that a party was sent, oldest first."""
    rows = await database.fetch(
        """
        SELECT body::jsonb -> 'data' AS told
        FROM journal
        WHERE type = 'qualification.pact_party_invited.v1' AND body::jsonb #>> '{data,party}' = $1
        ORDER BY position
        """,
        party,
    )
    return [row["told"] for row in rows]


def link(told: dict[str, Any]) -> str:
    """Make the link that the mail carries."""
    return PACT_LINKS.token(UUID(told["party_id"]), told["link_generation"])


async def link_of(database: Database, party: str = EPCI) -> str:
    """Make the last link that a party was sent."""
    return link((await sent(database, party))[-1])


class Outside:
    """A program that has nothing but a party's link."""

    def __init__(self, client: Client, token: str) -> None:
        self._client, self._address = client, f"/api/v1/pact-parties/{token}"

    async def looks(self) -> httpx2.Response:
        """Read the pact."""
        return await self._client.get(self._address)

    async def does(self, action: str, body: Any) -> httpx2.Response:
        """Act."""
        return await self._client.post(f"{self._address}/{action}", json=body)


async def test_a_party_is_sent_its_link_when_the_diagnosis_is_on_the_table(sat: Program, database: Database) -> None:
    await shared(sat)
    (told,) = await sent(database)
    assert (told["email"], told["expected"], told["link_generation"]) == ("cc@vexin.test", "agree", 1)
    assert await sent(database, COMMUNE) == [], "its address is not known"


async def test_a_party_leads_its_part_of_a_pact_by_its_link_alone(
    sat: Program, delegate: Program, client: Client, database: Database
) -> None:
    pact = await shared(sat)
    await must(sat, f"{pact}/invitations", {"party": COMMUNE, "email": "mairie@magny.test"})
    epci, commune = [Outside(client, await link_of(database, party)) for party in (EPCI, COMMUNE)]
    shown = (await epci.looks()).json()
    assert (shown["party"], shown["allowed_actions"]) == (EPCI, ["agreements"])
    assert shown["diagnosis"]["strengths"] == DIAGNOSIS["strengths"]
    assert "mairie@magny.test" not in (await epci.looks()).text

    assert (await epci.does("agreement", PRESIDENT)).json()["allowed_actions"] == []
    assert (await commune.does("agreement", MAYOR)).status_code == 200
    await must(delegate, f"{pact}/agreements", {"party": "État"})
    await must(sat, f"{pact}/actions", ACTION, 201)
    assert (await commune.looks()).json()["allowed_actions"] == []
    assert (await commune.does("signature", MAYOR)).json()["code"] == "plan_not_ready"
    await must(sat, f"{pact}/readiness")
    assert [told["expected"] for told in await sent(database)] == ["agree", "sign"]
    shown = (await commune.looks()).json()
    assert shown["allowed_actions"] == ["signatures"]
    assert (shown["actions"][0]["budget_cents"], shown["actions"][0]["indicator"]) == (25_000_000, "Nombre d’étals")
    assert (await commune.does("signature", MAYOR)).status_code == 200
    await must(delegate, f"{pact}/signatures", {"party": "État"})
    shown = (await epci.does("signature", PRESIDENT)).json()
    assert shown["state"] == "signed"
    assert (await sent(database))[-1]["expected"] == "report"

    action = shown["actions"][0]["id"]
    told = {**MAYOR, "action_id": action, "percent": 30, "comment": "Le terrain est acheté."}
    shown = (await commune.does("progress", told)).json()
    assert shown["percent"] == 30
    whole = (await sat.get(pact)).json()
    assert [each["recorded_by"]["name"] for each in whole["signatures"][1:]] == [PRESIDENT["name"], MAYOR["name"]]
    assert whole["signatures"][1]["recorded_by"] == {"role": "party", "name": PRESIDENT["name"], "email": None}
    assert whole["actions"][0]["progress"][0]["by"]["role"] == "party"


async def test_a_party_speaks_once_and_only_in_its_time(sat: Program, client: Client, database: Database) -> None:
    await shared(sat)
    epci = Outside(client, await link_of(database))
    assert (await epci.does("signature", PRESIDENT)).json()["code"] == "diagnosis_not_agreed"
    await epci.does("agreement", PRESIDENT)
    again = await epci.does("agreement", PRESIDENT)
    assert (again.status_code, again.json()["code"]) == (409, "already_agreed")
    assert (await epci.does("agreement", {})).status_code == 400


async def test_a_link_sent_to_another_address_replaces_the_one_before(
    sat: Program, client: Client, database: Database
) -> None:
    pact = await shared(sat)
    before = Outside(client, await link_of(database))
    await must(sat, f"{pact}/invitations", {"party": EPCI})
    assert (await before.looks()).status_code == 200, "the same address keeps its link"
    shown = await must(sat, f"{pact}/invitations", {"party": EPCI, "email": "president@vexin.test"})
    assert names(shown["parties"], "email")[1] == "president@vexin.test"
    assert (await before.looks()).status_code == 404
    over = (await before.looks()).json()
    assert over["code"] == "link_over"
    assert "anct95@val-doise.gouv.fr" in over["detail"]
    assert (await before.does("agreement", PRESIDENT)).status_code == 404
    after = Outside(client, await link_of(database))
    assert (await after.does("agreement", PRESIDENT)).status_code == 200


async def test_a_link_that_nobody_sent_or_signed_leads_nowhere(
    sat: Program, client: Client, database: Database
) -> None:
    pact = await shared(sat)
    commune = (await sat.get(pact)).json()["parties"][2]["id"]
    for token in (PACT_LINKS.token(UUID(commune)), (await link_of(database))[:-2] + "xx", "rien"):
        assert (await Outside(client, token).looks()).status_code == 404
        assert (await Outside(client, token).does("agreement", MAYOR)).status_code == 404


async def test_the_state_is_sent_no_link_and_an_unknown_address_is_asked_for(sat: Program) -> None:
    pact = await shared(sat)
    refused = await sat.post(f"{pact}/invitations", {"party": "État", "email": "prefet@oise.test"})
    assert (refused.status_code, refused.json()["code"]) == (409, "state_has_no_link")
    refused = await sat.post(f"{pact}/invitations", {"party": COMMUNE})
    assert (refused.status_code, names(refused.json()["errors"], "field")) == (400, ["email"])


async def test_another_departement_invites_nobody(sat: Program, neighbour: Program) -> None:
    pact = await shared(sat)
    assert (await neighbour.post(f"{pact}/invitations", {"party": EPCI})).status_code == 404


async def test_what_leaves_the_plan_and_each_review_are_told(
    sat: Program, delegate: Program, database: Database
) -> None:
    pact = await planned(sat, delegate)
    shown = await must(sat, f"{pact}/actions", {**ACTION, "title": "Vendre la halle"}, 201)
    await must(sat, f"{pact}/actions/{shown['actions'][1]['id']}/removal")
    await must(sat, f"{pact}/readiness")
    for who, party in ((delegate, "État"), (sat, EPCI), (sat, COMMUNE)):
        await must(who, f"{pact}/signatures", {"party": party})
    await must(sat, f"{pact}/reviews", {"summary": "Le plan avance."}, 201)
    rows = await database.fetch(
        "SELECT type, body FROM journal WHERE type LIKE ANY($1) ORDER BY position", ["%action_removed%", "%reviewed%"]
    )
    removed, reviewed = (str(row["body"]) for row in rows)
    assert "Vendre la halle" in removed
    assert '"held_on"' in reviewed
    assert "Le plan avance" not in reviewed, "what was concluded stays in the département"


async def test_a_party_reads_all_that_it_signs_and_what_it_typed_is_kept(
    visitor: Browser, sat: Program, delegate: Program, database: Database
) -> None:
    pact = await ready(sat, delegate)
    page = f"/pactes/parties/{await link_of(database)}"
    shown = (await visitor.get(page)).text
    for said in ("Signer le pacte", str(ACTION["title"]), "250\u00a0000\u00a0€", "Nombre d’étals", "Empreinte SHA-256"):
        assert said in shown
    ready_at = (await sat.get(pact)).json()["ready_at"]
    typed = within("signature", name="Le président", function="Président", ready_at=ready_at)
    refused = await visitor.send(page, f"{page}/signature", **typed)
    assert refused.status_code == 400
    assert 'value="Le président"' in refused.text
    assert "Habilitation" in refused.text
    typed |= within("signature", authority="Délibération du 4 janvier", confirmed="true")
    done = await visitor.send(page, f"{page}/signature", **typed)
    assert done.headers["location"] == page
    assert "Votre signature est enregistrée" in (await visitor.get(page)).text
    (signature,) = (await sat.get(pact)).json()["signatures"]
    assert (signature["party"], signature["function"]) == (EPCI, "Président")
    assert signature["authority"] == "Délibération du 4 janvier"
    assert "Rien n’est attendu de vous" in (await visitor.get(page)).text
    assert (await visitor.get(f"{page}/versions/1/pacte.pdf")).content.startswith(b"%PDF-")


async def test_a_page_that_was_opened_before_the_plan_changed_signs_nothing(
    visitor: Browser, sat: Program, delegate: Program, database: Database
) -> None:
    pact = await ready(sat, delegate)
    page = f"/pactes/parties/{await link_of(database)}"
    who = {"name": "Le président", "function": "Président", "authority": "Délibération", "confirmed": "true"}
    read = await visitor.filled(page, **within("signature", ready_at=(await sat.get(pact)).json()["ready_at"], **who))
    await must(sat, f"{pact}/reopening")
    withdrawn = await visitor.send_again(read, f"{page}/signature")
    assert withdrawn.status_code == 409
    assert "sat95 a repris le plan pour le corriger" in withdrawn.text
    assert "Ce que vous aviez écrit" in withdrawn.text
    assert "Le président" in withdrawn.text
    await must(sat, f"{pact}/actions", {**ACTION, "title": "Une autre action"}, 201)
    await must(sat, f"{pact}/readiness")
    answer = await visitor.send_again({**read, "signature.name": "La présidente"}, f"{page}/signature")
    assert answer.status_code == 409
    assert "a changé depuis que vous avez ouvert la page" in answer.text
    assert "Une autre action" in answer.text
    assert 'value="La présidente"' in answer.text
    assert (await sat.get(pact)).json()["signatures"] == []


async def test_each_turn_of_a_plan_is_told_to_those_who_were_asked_to_sign(
    sat: Program, delegate: Program, database: Database
) -> None:
    pact = await ready(sat, delegate)
    await must(sat, f"{pact}/reopening")
    await must(sat, f"{pact}/readiness")
    await must(delegate, f"{pact}/signatures", {"party": "État"})
    await must(sat, f"{pact}/versions")
    await must(sat, f"{pact}/readiness")
    told = [(each["expected"], each.get("turn"), each["version"]) for each in await sent(database)]
    assert told[1:] == [
        ("sign", None, 1),
        ("follow", "reopened", 1),
        ("sign", None, 1),
        ("follow", "restarted", 2),
        ("sign", None, 2),
    ]


async def test_who_is_removed_is_told_and_its_link_opens_nothing(
    sat: Program, client: Client, database: Database
) -> None:
    pact = await shared(sat)
    link = Outside(client, await link_of(database))
    epci = (await sat.get(pact)).json()["parties"][1]
    await must(sat, f"{pact}/parties/{epci['id']}/removal")
    assert (await link.looks()).json()["code"] == "link_over"
    assert (await link.does("agreement", PRESIDENT)).status_code == 404
    told = await database.fetchval(
        "SELECT body::jsonb -> 'data' FROM journal WHERE type = 'qualification.pact_party_removed.v1'"
    )
    assert (told["party"], told["email"], told["from_version"]) == (EPCI, "cc@vexin.test", None)


async def test_a_link_follows_the_address_that_was_corrected(sat: Program, client: Client, database: Database) -> None:
    pact = await shared(sat)
    before = Outside(client, await link_of(database))
    epci = (await sat.get(pact)).json()["parties"][1]
    await must(sat, f"{pact}/parties/{epci['id']}/correction", {"name": EPCI, "email": "president@vexin.test"})
    assert (await before.looks()).status_code == 404
    told = (await sent(database))[-1]
    assert (told["email"], told["expected"], told["link_generation"]) == ("president@vexin.test", "agree", 2)
    after = Outside(client, await link_of(database))
    assert (await after.does("agreement", {**PRESIDENT, "version": 7})).json()["code"] == "outdated"
    assert (await after.does("agreement", {**PRESIDENT, "version": 1})).status_code == 200


async def test_who_has_not_signed_is_reminded_so_many_times(
    sat: Program, delegate: Program, database: Database, rules: Rules
) -> None:
    pact = await ready(sat, delegate)

    async def look(days: int) -> int:
        async with database.transaction() as tx:
            return await remind_to_sign(tx, at=clock.now() + timedelta(days=days), rules=rules)

    assert await look(3) == 0
    assert [await look(30 * (place + 1)) for place in range(4)] == [1, 1, 1, 0]
    told = await database.fetch(
        "SELECT body::jsonb -> 'data' AS told FROM journal WHERE type = 'qualification.pact_signature_reminded.v1'"
    )
    assert [row["told"]["email"] for row in told] == ["cc@vexin.test"] * 3
    await must(sat, f"{pact}/reopening")
    await must(sat, f"{pact}/readiness")
    await must(sat, f"{pact}/signatures", {"party": EPCI})
    assert await look(300) == 0


async def test_a_party_tells_on_its_page_how_its_actions_go(
    visitor: Browser, sat: Program, delegate: Program, database: Database
) -> None:
    pact, action = await signed(sat, delegate)
    page = f"/pactes/parties/{await link_of(database)}"
    told = within("avancement", action_id=action, percent="140", name="Le président")
    answer = await visitor.send(page, f"{page}/avancement", **told)
    assert answer.status_code == 400
    told = within("avancement", action_id=action, percent="40", name="Le président")
    answer = await visitor.send(page, f"{page}/avancement", **told)
    assert answer.status_code == 303
    assert (await sat.get(pact)).json()["actions"][0]["progress"][0]["by"]["name"] == "Le président"


async def test_the_pact_is_given_on_paper_to_agents_programs_and_parties(
    visitor: Browser, sat: Program, delegate: Program, database: Database
) -> None:
    pact = await planned(sat, delegate)
    for_party = await visitor.get(f"/pactes/parties/{await link_of(database)}/pacte.pdf")
    for_program = await sat.get(f"{pact}/document.pdf")
    for paper in (for_party, for_program):
        assert paper.headers["content-type"] == "application/pdf"
        assert paper.content.startswith(b"%PDF-")


async def test_an_agent_sends_a_link_from_the_page(browser: Any, sat: Program, database: Database) -> None:
    pact = await shared(sat)
    page = pact.replace("/pacts/", "/pactes/")
    agent = await browser(sat.agent)
    commune = (await sat.get(pact)).json()["parties"][2]["id"]
    refused = await agent.send(page, f"{page}/invitations", **within("invitations", party=commune))
    assert refused.status_code == 400
    assert "Donnez l’adresse électronique de Magny-en-Vexin" in refused.text
    done = await agent.send(
        page, f"{page}/invitations", **within("invitations", party=commune, email="mairie@magny.test")
    )
    assert done.status_code == 303
    assert (await sent(database, COMMUNE))[0]["email"] == "mairie@magny.test"


async def test_an_opened_pact_invites_nobody_yet(sat: Program, database: Database) -> None:
    pact = await opened(sat)
    refused = await sat.post(f"{pact}/invitations", {"party": EPCI})
    assert (refused.status_code, refused.json()["allowed_actions"]) == (409, ["diagnosis", "parties"])
    assert await sent(database) == []


def test_a_party_tells_of_its_own_actions_only() -> None:
    steps = Steps().agreed()
    by_name = InCharge(None, "magny-en-vexin ")
    mine = an_action(steps.pact, owner=InCharge(None, "Association"), partners=(by_name,))
    theirs = an_action(steps.pact, owner=InCharge(None, "Association"))
    steps.pact.add_action(SAT, mine, AT)
    steps.pact.add_action(SAT, theirs, AT)
    for party in steps.pact.parties:
        party.signed_on = TODAY
    steps.pact.state = PactState.SIGNED
    epci, commune = (Representative(party.id, "x") for party in steps.pact.parties[1:])
    assert steps.pact.allowed_actions(commune) == ["progress"], "as plans of before parties were chosen name them"
    assert steps.pact.allowed_actions(epci) == []
    assert steps.pact.report(commune, mine.id, 10, None, AT)[0].percent == 10
    with pytest.raises(AnotherPartysAction):
        steps.pact.report(commune, theirs.id, 10, None, AT)


def test_a_link_speaks_for_its_own_party_whatever_it_names() -> None:
    steps = Steps().shared()
    state, epci, _ = steps.pact.parties
    party, by, _ = steps.pact.agree(Representative(epci.id, "x"), "État", None, AT)
    assert party is epci
    assert state.agreed_on is None
    assert by.role == "party"


def test_the_state_has_no_link() -> None:
    with pytest.raises(StateHasNoLink):
        Steps().shared().pact.invite(SAT, "État", "prefet@oise.test", AT)
