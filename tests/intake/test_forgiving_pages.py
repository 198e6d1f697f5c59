"""What the applicant's pages forgive: an old link, cookies that went, an unclear name, an answer sent half right."""

import re
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from services.intake import jobs
from services.intake.handlers import handlers
from services.intake.settings import Settings
from shared import clock
from shared.contracts.escalation import Terms
from shared.contracts.vocabulary import CommitteeOutcome
from shared.db import Database
from shared.documents import LARGEST_REQUEST
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, filed
from tests.intake.facts import Life
from tests.intake.test_documents import MEBI, PDF
from tests.intake.test_handlers import LATER
from tests.intake.test_pages import CONTACT, begin, fill, hidden, send
from tests.paper import words_of
from tests.wire import Streams

TOO_LONG_AGO = "2020-01-01"


@pytest.fixture
def inbox(database: Database, territories: Territories) -> Inbox:
    """What listens to the other services."""
    return Inbox(database, handlers(territories))


async def asked_for_information(client: Client, inbox: Inbox) -> str:
    """A request whose applicant must answer; gives its address."""
    mine = await filed(client)
    wire, life = Streams(), Life(UUID(mine["id"]))
    await inbox.process([wire.message(life.registered(LATER)), wire.message(life.asked(LATER + 1))])
    return f"/suivi/{mine['access_token']}"


async def informs(client: Client, address: str, text: str, *files: tuple[str, bytes]) -> httpx2.Response:
    """Answer what was asked, with files."""
    action = f"{address}/informations"
    form = {**hidden(await client.get(address), action), "informations.text": text}
    return await client.post(action, data=form, files=[("piece", file) for file in files])


async def test_a_link_that_opens_no_draft_says_what_became_of_it(
    client: Client, database: Database, settings: Settings
) -> None:
    draft = await begin(client)
    async with database.transaction() as tx:
        await tx.execute("UPDATE draft SET saved_at = $1", clock.now() - timedelta(days=settings.draft_days + 1))
    await jobs.run_once(database, settings)
    for address in (f"{draft}/contact", f"{draft}/documents", draft, f"{draft[:-3]}/contact"):
        page = await client.get(address)
        assert page.status_code == 404
        assert "Ce brouillon est introuvable" in page.text
        assert "90\u00a0jours" in page.text
        assert page.headers["cache-control"] == "no-store"
    assert "Ce brouillon" not in (await client.get(f"{await begin(client)}/inconnue")).text


async def test_a_page_that_stood_open_for_days_still_begins_a_draft_and_asks_for_a_link(client: Client) -> None:
    begun = await client.post("/demande", data={"_form_key": "once"})
    assert begun.headers["location"].endswith("/collectivite")
    asked = await client.post("/suivi", data={"number": "95-2026-000123", "email": "mairie@cergy.test"})
    assert asked.headers["location"] == "/suivi/lien-envoye"
    elsewhere = await client.post("/demande", data={"_form_key": "once"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert elsewhere.status_code == 403


async def test_whoever_asks_for_a_link_without_saying_which_is_told_what_to_write(client: Client) -> None:
    refused = await client.post("/suivi", data={"number": "", "email": "mairie"})
    assert refused.status_code == 400
    assert "Écrivez le numéro de la demande" in refused.text
    assert "Écrivez l’adresse électronique donnée au dépôt" in refused.text


async def test_a_document_to_keep_leaves_the_sentence_that_waits_to_the_next_page(client: Client) -> None:
    address = f"/suivi/{(await filed(client))['access_token']}"
    await send(client, await client.get(address), f"{address}/messages", text="Bonjour à vous")
    for document in ("accuse-de-reception.pdf", "imprimer"):
        assert (await client.get(f"{address}/{document}")).status_code == 200
    assert "Votre message est envoyé." in (await client.get(address)).text
    assert "Votre message est envoyé." not in (await client.get(address)).text


async def described(client: Client) -> str:
    """Give a draft that lacks its last details."""
    draft = await begin(client)
    for step, values in (
        ("collectivite", {"applicant.kind": "commune"}),
        ("territoire", {"territory": "Cergy", "territory_code": "95127"}),
        ("contact", CONTACT),
        ("besoin", {"kind": "programme"}),
        ("projet", {"title": "Une halle", "description": "Elle fuit."}),
    ):
        await fill(client, draft, step, **values)
    return draft


async def test_all_that_is_wrong_on_a_page_is_told_at_once(client: Client) -> None:
    draft = await described(client)
    refused = await fill(client, draft, "precisions", budget_cents="vingt mille", desired_start=TOO_LONG_AGO)
    assert "3 points sont à corriger" in refused.text
    for field in ("programme", "budget_cents", "desired_start"):
        assert f'href="#field-{field}"' in refused.text


async def test_a_budget_is_read_as_it_is_meant_or_asked_about(client: Client) -> None:
    draft = await described(client)
    asked = await fill(client, draft, "precisions", budget_cents="25,000")
    assert "«\u00a025,000\u00a0» peut se lire de deux façons" in asked.text
    assert 'value="25,000"' in asked.text
    refused = await fill(client, draft, "precisions", budget_cents="1e6")
    assert "Donnez un montant en euros" in refused.text
    await fill(client, draft, "precisions", budget_cents="25.000", programme="ruralites")
    assert "25\u00a0000\u00a0€" in (await client.get(f"{draft}/recapitulatif")).text


async def test_unclear_communes_are_all_told_with_those_nearby_first(client: Client) -> None:
    draft = await begin(client)
    await fill(client, draft, "collectivite", **{"applicant.kind": "priority"})
    typed = {"applicant.name": "Boucle", "communes": "Cergy\nSaint-Ouen\nZzyzx\nVétheui"}
    refused = await fill(client, draft, "territoire", **typed)
    said = refused.text.replace("\u00a0", " ")
    near = said.index("Saint-Ouen-l’Aumône, Val-d’Oise (95572)")
    assert near < said.index("Saint-Ouen, Loir-et-Cher (41226)")
    assert "« Zzyzx » n’est pas une commune de la liste officielle" in said
    assert "« Vétheui » n’est pas un nom complet : est-ce Vétheuil, Val-d’Oise (95651) ?" in said
    as_proposed = typed | {"communes": "Cergy\nSaint-Ouen-l’Aumône, Val-d’Oise (95572)"}
    answer = await fill(client, draft, "territoire", **as_proposed)
    assert answer.headers["location"] == f"{draft}/contact", answer.text


async def test_what_was_asked_for_is_answered_in_words_and_files_together(
    client: Client, database: Database, inbox: Inbox
) -> None:
    address = await asked_for_information(client, inbox)
    answer = await informs(client, address, "Voici le plan.", ("plan.pdf", PDF), ("budget.pdf", PDF))
    assert answer.status_code == 303
    page = await client.get(address)
    assert "plan.pdf" in page.text
    assert "Voici le plan." in page.text
    assert f"{address}/informations" not in page.text
    told = await database.fetch("SELECT type FROM journal WHERE position > 1 ORDER BY position")
    assert [row["type"] for row in told] == ["intake.document_added.v1"] * 2 + ["intake.information_provided.v1"]


async def test_files_without_words_are_kept_and_words_with_a_wrong_file_are_shown_again(
    client: Client, inbox: Inbox
) -> None:
    address = await asked_for_information(client, inbox)
    wrong = await informs(client, address, "Voici le plan.", ("plan.exe", b"MZ program"))
    assert wrong.status_code == 415
    assert 'href="#field-piece"' in wrong.text
    assert "Voici le plan." in wrong.text
    silent = await informs(client, address, "", ("plan.pdf", PDF))
    assert silent.status_code == 400
    assert 'href="#field-informations.text"' in silent.text
    assert "Vos documents sont ajoutés." in silent.text
    assert re.search(r'/documents/[0-9a-f-]{36}">plan.pdf</a>', silent.text)
    assert (await informs(client, address, "Le plan est joint.")).status_code == 303


async def test_an_opinion_is_asked_at_the_end_shown_afterwards_and_can_be_corrected(
    client: Client, inbox: Inbox
) -> None:
    mine = await filed(client)
    wire, life = Streams(), Life(UUID(mine["id"]))
    address = f"/suivi/{mine['access_token']}"
    await inbox.process([wire.message(life.oriented(LATER)), wire.message(life.accepted(LATER + 1))])
    page = await client.get(address)
    assert 'id="evaluation"' not in page.text
    early = await client.post(f"{address}/evaluation", data={"need_met": "5", "progress": "4", "satisfaction": "3"})
    assert early.status_code == 409
    assert "Votre avis vous sera demandé à la fin de l’accompagnement" in early.text
    await inbox.process([wire.message(life.work_started(LATER + 2)), wire.message(life.work_done(LATER + 3))])
    page = await client.get(address)
    refused = await send(client, page, f"{address}/evaluation", need_met="5", comment="Très bien")
    assert "Très bien" in refused.text
    given = {"need_met": "5", "progress": "4", "satisfaction": "3", "impact": "L’épicerie a rouvert."}
    await send(client, page, f"{address}/evaluation", **given)
    page = await client.get(address)
    assert re.search(r'<details class="disclosure" id="evaluation">\s*<summary>Corriger votre avis', page.text)
    for said in ("L’avis que vous avez donné", "5 sur 5", "4 sur 5", "3 sur 5", "L’épicerie a rouvert."):
        assert said in page.text
    refused = await send(client, page, f"{address}/evaluation", **{**given, "need_met": "9"})
    assert 'class="disclosure" open id="evaluation"' in refused.text
    await send(client, page, f"{address}/evaluation", **{**given, "need_met": "2"})
    page = await client.get(address)
    assert "2 sur 5" in page.text
    assert "5 sur 5" not in page.text


async def test_a_decision_is_dated(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    await inbox.process([Streams().message(Life(UUID(mine["id"])).supported(LATER))])
    page = await client.get(f"/suivi/{mine['access_token']}")
    assert re.search(r"<dt>Date</dt><dd>\w+ \d+(er)?\s\w+ \d{4}</dd>", page.text)


async def test_a_corrected_decision_says_what_it_changes(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    wire, life, address = Streams(), Life(UUID(mine["id"])), f"/suivi/{mine['access_token']}"
    was = Terms(outcome=CommitteeOutcome.REFUSED)
    corrected = life.corrected(LATER + 1, CommitteeOutcome.GRANTED, under_way=False, was=was)
    await inbox.process([wire.message(life.escalated(LATER)), wire.message(corrected)])
    for page in (address, f"{address}/imprimer"):
        read = (await client.get(page)).text.replace("\u00a0", " ")
        assert "Cette décision remplace la décision n° CSP-2026-0001." in read
        assert "Décision : accompagnement accordé (auparavant : refus)" in read
    of_before = life.corrected(LATER + 2, CommitteeOutcome.GRANTED, under_way=False)
    await inbox.process([wire.message(of_before)])
    read = (await client.get(address)).text
    assert "CSP-2026-0001" in read
    assert "Ce qui change" not in read


async def test_the_acknowledgement_repeats_what_was_filed(client: Client) -> None:
    territory = {"kind": "priority", "name": "Boucle de l'Oise", "communes": ["95127", "95500"]}
    mine = await filed(client, applicant=territory, engineering_sought="CAUE : non.\nAgence : plus de temps.")
    words = words_of(await client.get(f"/suivi/{mine['access_token']}/accuse-de-reception.pdf"))
    for said in ("présentée pour Boucle de l’Oise", "Cergy (95127), Pontoise (95500)", "Agence : plus de temps."):
        assert said in words.replace("\u00a0", " ")


async def test_more_than_may_be_sent_at_once_leads_back_to_the_page(client: Client) -> None:
    mine, draft = await filed(client), await begin(client)
    address = f"/suivi/{mine['access_token']}"
    for action, page in (
        (f"{draft}/documents", f"{draft}/documents"),
        (f"{address}/documents", f"{address}#documents"),
        (f"{address}/informations", f"{address}#documents"),
    ):
        answer = await client.post(action, files=[("document", ("plan.pdf", bytes(LARGEST_REQUEST + 2 * MEBI)))])
        assert answer.headers["location"] == page
        shown = await client.get(page)
        assert "trop volumineux ensemble" in shown.text
        assert f'data-most="{LARGEST_REQUEST}"' in shown.text
