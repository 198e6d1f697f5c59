"""The pages as applicants use them, without JavaScript: filing, coming back, following, acting."""

import asyncio
import re
from html import unescape
from typing import Any
from uuid import UUID

import httpx2
import pytest

from services.intake.handlers import handlers
from services.intake.jobs import run_once
from services.intake.reads.timeline import label_of
from services.intake.settings import Settings
from services.intake.store import requests
from services.intake.store.requests import step_of_row
from services.intake.usecases.limits import Limits
from shared import clock
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.db import Database
from shared.links import Links
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from shared.web.mandates import LIFETIME, Mandates
from tests.intake.conftest import Client, a_request, bearer, filed
from tests.intake.facts import Life
from tests.intake.test_documents import PDF
from tests.intake.test_handlers import LATER
from tests.paper import words_of
from tests.wire import Streams

FIELD = re.compile(r'<input type="hidden" name="(_csrf_token|_form_key)" value="([^"]*)"')


def hidden(page: httpx2.Response, action: str | None = None) -> dict[str, str]:
    """Give what a form of the page sends without being asked."""
    text = page.text
    if action is not None:
        text = text[text.index(f'action="{action}"') :]
    return {name: unescape(value) for name, value in reversed(FIELD.findall(text))}


async def send(client: Client, page: httpx2.Response, action: str, **values: Any) -> httpx2.Response:
    """Fill a form in and send it."""
    return await client.post(action, data={**hidden(page, action), **values})


async def begin(client: Client) -> str:
    """Begin a draft; give its address."""
    answer = await send(client, await client.get("/"), "/demande")
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"]).rsplit("/", 1)[0]


async def fill(client: Client, draft: str, step: str, **values: Any) -> httpx2.Response:
    """Answer one question."""
    return await send(client, await client.get(f"{draft}/{step}"), f"{draft}/{step}", **values)


CONTACT = {"contact.name": "Cabinet de la mairie", "contact.role": "Maire", "contact.email": "mairie@cergy.test"}


async def a_filled_draft(client: Client) -> str:
    """A draft with every answer of a commune."""
    draft = await begin(client)
    await fill_all(client, draft)
    return draft


async def fill_all(client: Client, draft: str) -> None:
    """Answer every question as a commune."""
    for step, values in (
        ("collectivite", {"applicant.kind": "commune"}),
        ("territoire", {"territory": "Cergy", "territory_code": "95127"}),
        ("contact", CONTACT),
        ("besoin", {"kind": "tailored_support"}),
        ("projet", {"title": "Redonner vie au centre", "description": "Le dernier commerce a fermé."}),
        ("precisions", {"fields": ["habitat", "mobilite"], "budget_cents": "25 000,50"}),
        ("documents", {}),
    ):
        answer = await fill(client, draft, step, **values)
        assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == f"{draft}/recapitulatif"


@pytest.mark.parametrize("address", ["/", "/suivi", "/statistiques", "/accessibilite", "/mentions-legales"])
async def test_public_pages_open(client: Client, address: str) -> None:
    page = await client.get(address)
    assert page.status_code == 200
    assert "<h1>" in page.text


async def test_a_whole_form_files_one_request_however_often_the_button_is_pressed(
    client: Client, database: Database
) -> None:
    draft = await a_filled_draft(client)
    summary = await client.get(f"{draft}/recapitulatif")
    assert "25 000,50" in unescape(summary.text).replace("\u00a0", " ")
    presses = [send(client, summary, f"{draft}/recapitulatif") for _ in range(4)]
    answers = await asyncio.gather(*presses)
    assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {(303, f"{draft}/deposee")}
    assert await database.fetchval("SELECT count(*) FROM request") == 1
    another_tab = await send(client, summary, f"{draft}/recapitulatif", _form_key="another")
    assert another_tab.headers["location"] == f"{draft}/deposee"
    assert await database.fetchval("SELECT count(*) FROM request") == 1

    done = await client.get(f"{draft}/deposee")
    assert re.search(r"95-\d{4}-000001", done.text)
    assert "anct95@val-doise.gouv.fr" in done.text
    assert "ne vaut pas acceptation" in done.text
    body = await database.fetchval("SELECT body FROM request")
    assert body["fields"] == ["mobilite", "habitat"] or body["fields"] == ["habitat", "mobilite"]
    assert body["budget_cents"] == 2_500_050
    assert await database.fetchval("SELECT answers FROM draft") == {}
    for step in ("projet", "recapitulatif"):
        assert (await client.get(f"{draft}/{step}")).headers["location"] == f"{draft}/deposee"


async def test_what_was_typed_is_kept_after_an_error_and_a_reload(client: Client) -> None:
    draft = await begin(client)
    answer = await fill(client, draft, "contact", **(CONTACT | {"contact.email": "pas une adresse"}))
    assert answer.status_code == 400
    for page in (answer, await client.get(f"{draft}/contact")):
        assert "pas une adresse" in page.text
        assert "Cabinet de la mairie" in page.text
    assert 'href="#field-contact.email"' in answer.text


async def test_a_form_that_no_browser_sends_breaks_nothing(client: Client) -> None:
    draft = await begin(client)
    odd: list[tuple[str, dict[str, Any]]] = [
        ("projet", {"title": ["a", "b"], "description": ["c", "d"]}),
        ("projet", {"title": "nul \x00", "colour": "blue"}),
        ("precisions", {"desired_start": ["x", "y"], "budget_cents": "beaucoup", "programme": ["a", "b"]}),
    ]
    await fill(client, draft, "besoin", kind="programme")
    assert [(await fill(client, draft, step, **values)).status_code for step, values in odd] == [303, 400, 400]
    summary = await client.get(f"{draft}/recapitulatif")
    assert summary.status_code == 200


async def test_a_draft_resumes_at_the_first_open_question(client: Client) -> None:
    draft = await begin(client)
    assert (await client.get(draft)).headers["location"] == f"{draft}/collectivite"
    await fill(client, draft, "collectivite", **{"applicant.kind": "commune"})
    assert (await client.get(draft)).headers["location"] == f"{draft}/territoire"
    assert (await client.get("/demande/nonsense")).status_code == 404


async def test_a_draft_is_saved_while_it_is_typed(client: Client) -> None:
    draft = await begin(client)
    page = await client.get(f"{draft}/projet")
    saved = await client.post(f"{draft}/projet/brouillon", data={**hidden(page), "title": "À moitié"})
    assert saved.status_code == 204
    assert "À moitié" in (await client.get(f"{draft}/projet")).text


async def test_a_name_shared_by_many_offers_a_choice_without_javascript(client: Client) -> None:
    draft = await begin(client)
    await fill(client, draft, "collectivite", **{"applicant.kind": "commune"})
    asked = await fill(client, draft, "territoire", territory="Saint-Denis", territory_code="")
    assert asked.status_code == 400
    assert 'value="93066"' in asked.text
    chosen = await send(
        client, asked, f"{draft}/territoire", territory="Saint-Denis", searched="Saint-Denis", choice="93066"
    )
    assert chosen.headers["location"] == f"{draft}/contact"
    nowhere = await fill(client, draft, "territoire", territory="Zzyzx", territory_code="")
    assert nowhere.status_code == 400
    assert "Aucun territoire de ce nom" in nowhere.text


async def test_a_name_changed_after_the_choice_is_looked_for_again(client: Client) -> None:
    draft = await begin(client)
    await fill(client, draft, "collectivite", **{"applicant.kind": "commune"})
    changed = await fill(client, draft, "territoire", territory="Pontoise", territory_code="95127")
    assert changed.status_code == 303
    assert "Pontoise" in (await client.get(f"{draft}/recapitulatif")).text


async def test_a_region_chooses_its_departement(client: Client) -> None:
    draft = await begin(client)
    await fill(client, draft, "collectivite", **{"applicant.kind": "region"})
    listed = (await client.get(f"{draft}/territoire")).text
    assert listed.index("Bretagne") < listed.index("Grand Est") < listed.index("Île-de-France")
    answer = await fill(client, draft, "territoire", **{"applicant.code": "11"})
    assert answer.headers["location"] == f"{draft}/departement"
    refused = await fill(client, draft, "departement")
    assert refused.status_code == 400
    answer = await fill(client, draft, "departement", lead_departement="95")
    assert answer.headers["location"] == f"{draft}/contact"


async def test_a_priority_territory_names_its_communes(client: Client) -> None:
    draft = await begin(client)
    await fill(client, draft, "collectivite", **{"applicant.kind": "priority"})
    refused = await fill(client, draft, "territoire", **{"applicant.name": "Boucle", "communes": "Cergy\nZzyzx"})
    assert refused.status_code == 400
    assert "Zzyzx" in refused.text
    answer = await fill(client, draft, "territoire", **{"applicant.name": "Boucle", "communes": "Cergy\n95500"})
    assert answer.headers["location"] == f"{draft}/contact", answer.text


async def test_an_unfinished_draft_cannot_be_filed(client: Client, database: Database) -> None:
    draft = await begin(client)
    summary = await client.get(f"{draft}/recapitulatif")
    assert "Déposer la demande" not in summary.text
    page = await client.get(f"{draft}/contact")
    forced = await client.post(f"{draft}/recapitulatif", data=hidden(page))
    assert forced.status_code == 400
    assert await database.fetchval("SELECT count(*) FROM request") == 0


async def test_a_programme_must_be_chosen(client: Client) -> None:
    draft = await a_filled_draft(client)
    await fill(client, draft, "besoin", kind="programme")
    missing = await fill(client, draft, "precisions")
    assert missing.status_code == 400
    assert "Programme" in missing.text
    chosen = await fill(client, draft, "precisions", programme="ruralites")
    assert chosen.headers["location"] == f"{draft}/documents"
    assert "Habitat" not in (await client.get(f"{draft}/recapitulatif")).text


async def test_the_tracking_page_is_private(client: Client) -> None:
    mine = await filed(client)
    page = await client.get(f"/suivi/{mine['access_token']}")
    assert page.status_code == 200
    assert mine["number"] in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in page.headers["cache-control"]
    assert (await client.get(f"/suivi/{mine['access_token']}x")).status_code == 404
    printed = await client.get(f"/suivi/{mine['access_token']}/imprimer")
    assert printed.status_code == 200
    assert "<form" not in printed.text


async def test_a_message_by_the_page_is_sent_once(client: Client, database: Database) -> None:
    mine = await filed(client)
    address = f"/suivi/{mine['access_token']}"
    page = await client.get(address)
    for _ in range(2):
        answer = await send(client, page, f"{address}/messages", text="Bonjour à vous")
        assert answer.status_code == 303
    assert await database.fetchval("SELECT count(*) FROM message") == 1
    assert (await client.get(address)).text.count("Bonjour à vous") == 1
    empty = await send(client, page, f"{address}/messages", text="")
    assert empty.status_code == 400
    assert 'href="#field-text"' in empty.text


async def test_documents_by_the_page_are_joined_once_and_refused_with_words(client: Client, database: Database) -> None:
    mine = await filed(client)
    address = f"/suivi/{mine['access_token']}"
    page = await client.get(address)
    data = hidden(page, f"{address}/documents")
    for _ in range(2):
        answer = await client.post(f"{address}/documents", data=data, files={"document": ("plan.pdf", PDF)})
        assert answer.status_code == 303, answer.text
    assert await database.fetchval("SELECT count(*) FROM document") == 1
    shown = await client.get(address)
    link = re.search(rf'href="({re.escape(address)}/documents/[^"]+)"', shown.text)
    assert link is not None
    assert (await client.get(link[1])).content == PDF
    refused = await client.post(f"{address}/documents", data=data, files={"document": ("x.pdf", b"MZ program")})
    assert refused.status_code == 415
    assert "n’est pas accepté" in refused.text
    none = await client.post(f"{address}/documents", data=data, files={"document": ("", b"")})
    assert none.status_code == 400


async def test_a_withdrawal_by_the_page_wants_to_be_understood(client: Client) -> None:
    mine = await filed(client)
    address = f"/suivi/{mine['access_token']}"
    page = await client.get(address)
    refused = await send(client, page, f"{address}/retrait", motive="Abandon")
    assert refused.status_code == 400
    assert "Abandon" in refused.text
    done = await send(client, page, f"{address}/retrait", motive="Abandon", understood="true")
    assert done.status_code == 303
    after = await client.get(address)
    assert "Retrait demandé" in after.text
    assert "déposer une autre demande" in after.text
    assert "Vos collègues" not in after.text
    assert "<form" not in after.text
    late = await send(client, page, f"{address}/messages", text="Trop tard")
    assert late.status_code == 409
    assert "Cette action n’est pas possible" in late.text


async def test_a_new_link_ends_the_old_one_when_it_is_used_and_the_answer_never_tells(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    page = await client.get("/suivi")
    wrong = await send(client, page, "/suivi", number=mine["number"], email="autre@cergy.test")
    unknown = await send(client, page, "/suivi", number="95-2026-999999", email="mairie@cergy.test")
    assert (await client.get(f"/suivi/{mine['access_token']}")).status_code == 200
    right = await send(client, page, "/suivi", number=mine["number"].lower(), email="Mairie@Cergy.test")
    assert {(one.status_code, one.headers["location"]) for one in (wrong, unknown, right)} == {
        (303, "/suivi/lien-envoye")
    }
    assert (await client.get("/suivi/lien-envoye")).status_code == 200
    await send(client, page, "/suivi", number=mine["number"], email="mairie@cergy.test")
    facts = await database.fetch("SELECT body::jsonb->'data' AS data FROM journal WHERE type LIKE '%link_replaced%'")
    assert [row["data"]["link_generation"] for row in facts] == [2, 2], "asked twice, the same link is sent twice"
    assert await database.fetchval("SELECT count(*) FROM wanted_link") == 0
    assert (await client.get(f"/suivi/{mine['access_token']}")).status_code == 200
    seen = await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))
    assert seen.status_code == 200, "the token works until the new link is used"

    newest = Links(settings.tracking_key.get_secret_value(), "mailed").token(UUID(mine["id"]), 2)
    assert (await client.get(f"/suivi/{newest}")).status_code == 200
    assert (await client.get(f"/suivi/{mine['access_token']}")).status_code == 404
    refused = await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))
    assert refused.status_code == 401


async def test_a_wanted_link_that_was_not_sent_at_once_is_sent_by_the_next_round(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    async with database.transaction() as tx:
        digest = Limits.of(settings).digest(" Mairie@Cergy.test")
        await requests.want_link(tx, mine["number"], digest, at=clock.now())
    await run_once(database, settings)
    assert await database.fetchval("SELECT count(*) FROM journal WHERE type LIKE '%link_replaced%'") == 1


async def test_the_page_follows_the_whole_life(client: Client, database: Database, territories: Territories) -> None:
    mine = await filed(client)
    inbox, wire, life = Inbox(database, handlers(territories)), Streams(), Life(UUID(mine["id"]))
    address = f"/suivi/{mine['access_token']}"
    await inbox.process([wire.message(life.registered(LATER)), wire.message(life.asked(LATER + 1))])
    page = await client.get(address)
    assert "C’est à vous" in page.text
    assert "Le plan" in page.text
    answer = await send(client, page, f"{address}/informations", **{"informations.text": "Voici le plan"})
    assert answer.status_code == 303
    await inbox.process([wire.message(life.oriented(LATER + 2)), wire.message(life.accepted(LATER + 3))])
    page = await client.get(address)
    assert "caue@cousu.test" in page.text
    assert "Votre avis" not in page.text
    work = [life.work_started(LATER + 4), life.local_milestone(LATER + 5), life.local_progress(LATER + 6)]
    await inbox.process([wire.message(fact) for fact in work])
    page = await client.get(address)
    for said in ("L’accompagnement commence", "Diagnostic remis", "Bien avancé.", "C’est à l’acteur local"):
        assert said in page.text
    answer = await send(client, page, f"{address}/avancement", **{"avancement.text": "Bien, merci."})
    assert answer.status_code == 303
    await inbox.process([wire.message(life.work_done(LATER + 7))])
    page = await client.get(address)
    assert "Le diagnostic est remis." in page.text
    assert "Votre avis" in page.text
    answer = await send(client, page, f"{address}/evaluation", need_met="5", progress="4", satisfaction="5")
    assert answer.status_code == 303
    page = await client.get(address)
    assert "Évaluée" in page.text
    assert "Votre avis</h2>" not in page.text
    assert await database.fetchval("SELECT count(*) FROM evaluation") == 1


async def test_a_token_is_never_written_to_the_log(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    mine = await filed(client)
    await client.get(f"/suivi/{mine['access_token']}")
    await client.get(f"/suivi/{mine['access_token']}wrong")
    await client.get("/demande/secret-draft-token/contact")
    written = capsys.readouterr()
    assert mine["access_token"] not in written.out + written.err
    assert "secret-draft-token" not in written.out + written.err


MANDATES = Mandates("m" * 32)
AN_AGENT = Actor(role=Role.SAT_AGENT, name="Agent SAT du Val-d’Oise", email="sat95@cousu.test")


async def test_an_agent_files_for_a_collectivite_which_alone_gets_the_link(client: Client, database: Database) -> None:
    mandate = MANDATES.give(AN_AGENT, at=clock.now())
    elsewhere = {"Sec-Fetch-Site": "cross-site", "Origin": "http://qualification.test"}
    begun = await client.post("/demande/mandat", data={"mandat": mandate}, headers=elsewhere)
    draft = begun.headers["location"].rsplit("/", 1)[0]
    assert "en tant que Agent SAT" in (await client.get(f"{draft}/collectivite")).text
    await fill_all(client, draft)
    await send(client, await client.get(f"{draft}/recapitulatif"), f"{draft}/recapitulatif")
    filed = (await client.get(f"{draft}/deposee")).text
    assert "La demande est déposée" in filed
    assert "/suivi/" not in filed
    body = await database.fetchval("SELECT body FROM request")
    assert body["filed_by"] == {"role": "sat_agent", "name": AN_AGENT.name, "email": AN_AGENT.email}
    assert body["contact"]["name"] == "Cabinet de la mairie"
    row = await database.fetchrow("SELECT at, type, team, details, answer FROM step")
    assert row is not None
    step = step_of_row(row)
    assert (label_of(step), step.team) == ("Demande déposée pour vous par le service départemental", "departement")


@pytest.mark.parametrize(
    "mandate",
    [
        "",
        "x",
        Mandates("another-key").give(AN_AGENT, at=clock.now()),
        Mandates("d" * 32).give(AN_AGENT, at=clock.now()),
        MANDATES.give(AN_AGENT, at=clock.now() - LIFETIME),
    ],
    ids=["none", "nonsense", "another key", "the key of documents", "too old"],
)
async def test_a_mandate_that_is_not_ours_or_too_old_files_nothing(
    client: Client, database: Database, mandate: str
) -> None:
    refused = await client.post("/demande/mandat", data={"mandat": mandate})
    assert refused.status_code == 403
    assert "n’est plus valable" in refused.text
    assert await database.fetchval("SELECT count(*) FROM draft") == 0


async def test_a_mandate_is_posted_and_used_once(client: Client, database: Database) -> None:
    mandate = MANDATES.give(AN_AGENT, at=clock.now())
    assert (await client.get(f"/demande?pour={mandate}")).headers["location"] == "/"
    assert (await client.get(f"/demande/mandat?mandat={mandate}")).status_code in {303, 404, 405}
    answers = await asyncio.gather(
        *(client.post("/demande/mandat", data={"mandat": mandate}) for _ in range(5)),
        client.post("/api/v1/requests", json=a_request(), headers={"Filing-Mandate": mandate}),
    )
    assert sum(answer.status_code in {201, 303} for answer in answers) == 1
    assert [answer.status_code for answer in answers].count(403) == 5
    begun = await database.fetchval("SELECT (SELECT count(*) FROM draft) + (SELECT count(*) FROM request)")
    assert begun == 1


async def test_a_program_that_lost_its_answer_may_ask_again_with_its_mandate_and_key(client: Client) -> None:
    headers = {"Filing-Mandate": MANDATES.give(AN_AGENT, at=clock.now()), "Idempotency-Key": "a-key"}
    first, second = [await client.post("/api/v1/requests", json=a_request(), headers=headers) for _ in range(2)]
    assert first.json() == second.json()
    other = await client.post("/api/v1/requests", json=a_request(), headers={**headers, "Idempotency-Key": "another"})
    assert (other.status_code, other.json()["code"]) == (403, "mandate_over")


async def test_a_program_files_for_a_collectivite_with_a_mandate(client: Client, database: Database) -> None:
    headers = {"Filing-Mandate": MANDATES.give(AN_AGENT, at=clock.now())}
    answer = await client.post("/api/v1/requests", json=a_request(), headers=headers)
    assert answer.status_code == 201
    assert await database.fetchval("SELECT body #>> '{filed_by,role}' FROM request") == "sat_agent"
    refused = await client.post("/api/v1/requests", json=a_request(), headers={"Filing-Mandate": "x"})
    assert refused.json()["code"] == "mandate_over"


async def test_the_acknowledgement_is_given_as_a_document_too(client: Client) -> None:
    request = await filed(client)
    by_page = await client.get(f"/suivi/{request['access_token']}/accuse-de-reception.pdf")
    words = words_of(by_page)
    for said in (request["number"], "Accusé de réception", "Cergy", "une absence de réponse ne vaut pas accord"):
        assert said in words
    path = f"/api/v1/requests/{request['id']}/acknowledgement.pdf"
    assert words_of(await client.get(path, headers=bearer(request["access_token"]))) == words
    assert (await client.get(path)).status_code == 401


async def test_what_was_typed_survives_a_browser_that_lost_its_cookies(client: Client) -> None:
    draft = await begin(client)
    page = await client.get(f"{draft}/contact")
    client.cookies.clear()
    answer = await send(client, page, f"{draft}/contact", **CONTACT)
    assert answer.headers["location"] == f"{draft}/besoin"
    assert "Cabinet de la mairie" in (await client.get(f"{draft}/contact")).text
    mine = await filed(client)
    page = await client.get(f"/suivi/{mine['access_token']}")
    client.cookies.clear()
    written = await send(client, page, f"/suivi/{mine['access_token']}/messages", text="Bonjour à vous")
    assert written.status_code == 303
