"""What the applicant gets of an answer: who took it, when, how it is contested; its letter; the whole dossier."""

import io
import re
from typing import Any
from uuid import UUID
from zipfile import ZipFile

import pytest

from services.intake.handlers import handlers
from services.intake.settings import Settings
from shared import clock
from shared.calendar import today
from shared.db import Database
from shared.french.dates import date_fr
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from shared.web.document_links import LIFETIME, DocumentLinks
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import ACT, Life
from tests.intake.test_documents import PDF
from tests.intake.test_handlers import LATER, seen
from tests.paper import words_of
from tests.wire import Streams


@pytest.fixture
def inbox(database: Database, territories: Territories) -> Inbox:
    """What listens to the other services."""
    return Inbox(database, handlers(territories))


async def test_a_decision_names_its_author_and_their_quality(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    await inbox.process([Streams().message(Life(UUID(mine["id"])).refused(LATER))])
    decision = (await seen(client, mine))["decision"]
    assert (decision["author"], decision["quality"]) == (ACT.author, ACT.quality)
    assert decision["court"] == "tribunal administratif de Cergy-Pontoise"
    for page in ("", "/imprimer"):
        shown = (await client.get(f"/suivi/{mine['access_token']}{page}")).text
        assert f"<dt>Prise par</dt><dd>{ACT.author}, {ACT.quality}</dd>" in shown
        assert "Service départemental (SAT)</dd>" not in shown


async def test_a_decision_keeps_its_date_and_author_once_the_provider_has_accepted(
    client: Client, inbox: Inbox
) -> None:
    mine, wire = await filed(client), Streams()
    life = Life(UUID(mine["id"]))
    oriented = life.oriented(LATER)
    await inbox.process([wire.message(oriented), wire.message(life.accepted(LATER + 3 * 24 * 60))])
    decided_on = today("95", oriented.at)
    decision = (await seen(client, mine))["decision"]
    assert decision["accepted"]
    assert (decision["decided_on"], decision["author"]) == (decided_on.isoformat(), ACT.author)
    shown = (await client.get(f"/suivi/{mine['access_token']}")).text
    assert re.search(rf"<dt>Date</dt><dd>{date_fr(decided_on)}</dd>", shown)


async def oriented_with_everything(client: Client, inbox: Inbox) -> dict[str, Any]:
    """A request with a message of each side, two documents of one name, and the answer of the département."""
    mine, wire = await filed(client), Streams()
    life, token = Life(UUID(mine["id"])), bearer(mine["access_token"])
    await client.post(f"/api/v1/requests/{mine['id']}/messages", json={"text": "Qui nous rappelle ?"}, headers=token)
    for content in (PDF, PDF + b"%"):
        added = await client.post(
            f"/api/v1/requests/{mine['id']}/documents", files=[("document", ("plan.pdf", content))], headers=token
        )
        assert added.status_code == 201, added.text
    facts = (
        life.registered(LATER),
        life.qualified(LATER + 1),
        life.written(LATER + 2, "Bonjour à tous"),
        life.oriented(LATER + 3),
    )
    await inbox.process([wire.message(fact) for fact in facts])
    return mine


async def test_an_answer_is_given_as_a_letter_by_page_and_api(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    await inbox.process([Streams().message(Life(UUID(mine["id"])).refused(LATER))])
    (letter,) = (await seen(client, mine))["letters"]
    assert letter["title"] == "Refus de la demande"
    page = await client.get(f"/suivi/{mine['access_token']}")
    assert page.text.count(f"/courriers/{letter['id']}") == 2  # beside the decision, and among the letters
    by_page = await client.get(f"/suivi/{mine['access_token']}/courriers/{letter['id']}")
    by_program = await client.get(letter["url"], headers=bearer(mine["access_token"]))
    words = words_of(by_page)
    assert words == words_of(by_program)
    for said in (
        ACT.author,
        ACT.quality,
        ACT.service.name,
        ACT.service.email or "",
        ACT.service.phone or "",
        mine["number"],
        date_fr(today("95", Life(UUID(mine["id"])).refused(LATER).at)).replace("\u00a0", " "),
        "Redonner vie au centre-bourg",
        "Hors champ.",
        "Recours sous deux mois.",
    ):
        assert said in words.replace("\u00a0", " ").replace("- ", "-"), said  # a line may end after a hyphen
    assert f"reponse-{mine['number']}-" in by_page.headers["content-disposition"]


@pytest.mark.parametrize(
    ("fact", "said"),
    [
        ("oriented", "CAUE du Val-d’Oise"),
        ("supported", "10 000 €"),
        ("directed", "Ruralités"),
        ("escalated", "équipe nationale"),
        ("refused", "ne pas retenir"),
    ],
)
async def test_each_answer_has_its_letter_and_shows_nothing_internal(
    client: Client, inbox: Inbox, fact: str, said: str
) -> None:
    mine = await filed(client)
    await inbox.process([Streams().message(getattr(Life(UUID(mine["id"])), fact)(LATER))])
    (letter,) = (await seen(client, mine))["letters"]
    words = words_of(await client.get(letter["url"], headers=bearer(mine["access_token"])))
    assert said in words.replace("\u00a0", " ").replace("\u202f", " ")
    assert "SECRET" not in words
    assert ("Voies et délais de recours" in words) == (fact in {"refused", "supported"})


async def test_a_transfer_names_both_departements_in_thread_and_letter(client: Client, inbox: Inbox) -> None:
    mine, wire = await filed(client), Streams()
    life = Life(UUID(mine["id"]))
    facts = life.registered(LATER), life.transferred(LATER + 1, "78"), Life(life.request_id, "78").registered(LATER + 2)
    await inbox.process([wire.message(fact) for fact in facts])
    shown = await seen(client, mine)
    labels = [step["label"] for step in shown["timeline"]]
    assert labels[1:] == [
        "Demande enregistrée par le département du Val-d’Oise",
        "Demande transmise au département des Yvelines",
        "Demande enregistrée par le département des Yvelines",
    ]
    words = words_of(await client.get(shown["letters"][0]["url"], headers=bearer(mine["access_token"])))
    assert "dans le département des Yvelines" in words


async def test_an_answer_of_before_letters_has_none(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    fact = Life(UUID(mine["id"])).refused(LATER).model_copy(update={"act": None})
    await inbox.process([Streams().message(fact)])
    shown = await seen(client, mine)
    assert shown["letters"] == []
    assert shown["decision"]["outcome"] == "refused"
    page = (await client.get(f"/suivi/{mine['access_token']}")).text
    assert "Lire la lettre" not in page
    assert "<dt>Prise par</dt><dd>Service départemental (SAT)</dd>" in page


async def test_a_letter_of_another_request_is_not_found(client: Client, inbox: Inbox) -> None:
    mine, other = await filed(client), await filed(client)
    await inbox.process([Streams().message(Life(UUID(mine["id"])).refused(LATER))])
    (letter,) = (await seen(client, mine))["letters"]
    token = bearer(other["access_token"])
    foreign = f"/api/v1/requests/{other['id']}/letters/{letter['id']}/document.pdf"
    assert (await client.get(foreign, headers=token)).status_code == 404
    assert (await client.get(letter["url"], headers=token)).status_code == 404
    assert (await client.get(f"/suivi/{other['access_token']}/courriers/{letter['id']}")).status_code == 404


async def test_the_whole_dossier_is_a_pdf_without_what_is_internal(client: Client, inbox: Inbox) -> None:
    mine = await oriented_with_everything(client, inbox)
    by_page = words_of(await client.get(f"/suivi/{mine['access_token']}/dossier.pdf"))
    by_program = words_of(
        await client.get(f"/api/v1/requests/{mine['id']}/dossier.pdf", headers=bearer(mine["access_token"]))
    )
    assert by_page == by_program
    for said in (
        "Redonner vie au centre-bourg",
        "Le dernier commerce a fermé.",
        "Qui nous rappelle ?",
        "Bonjour à tous",
        "Demande enregistrée par le département du Val-d’Oise",
        "Orientation vers un acteur local",
        ACT.author,
        "plan.pdf",
    ):
        assert said in by_page.replace("\u00a0", " "), said
    assert "SECRET" not in by_page


async def test_the_whole_dossier_with_its_documents_is_a_zip(client: Client, inbox: Inbox) -> None:
    mine = await oriented_with_everything(client, inbox)
    by_page = await client.get(f"/suivi/{mine['access_token']}/dossier.zip")
    by_program = await client.get(f"/api/v1/requests/{mine['id']}/dossier.zip", headers=bearer(mine["access_token"]))
    for answer in (by_page, by_program):
        assert answer.headers["content-type"] == "application/zip"
        assert answer.headers["content-disposition"] == f'attachment; filename="dossier-{mine["number"]}.zip"'
        with ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            names = archive.namelist()
            assert names[0] == f"dossier-{mine['number']}.pdf"
            assert names[1].startswith(f"courriers/01-reponse-{mine['number']}-")
            assert names[2:] == ["documents/01-plan.pdf", "documents/02-plan.pdf"]
            assert [archive.read(name) for name in names[2:]] == [PDF, PDF + b"%"]
            assert archive.read(names[1]).startswith(b"%PDF")


async def test_an_agent_whom_another_service_sends_gets_the_zip_for_a_minute(
    client: Client, inbox: Inbox, settings: Settings
) -> None:
    mine = await oriented_with_everything(client, inbox)
    links = DocumentLinks(settings.document_key.get_secret_value())
    sealed = links.seal_dossier(UUID(mine["id"]), at=clock.now())
    answer = await client.get(f"/dossiers/{sealed}")
    with ZipFile(io.BytesIO(answer.content)) as archive:
        assert "documents/02-plan.pdf" in archive.namelist()
    old = links.seal_dossier(UUID(mine["id"]), at=clock.now() - LIFETIME)
    of_a_document = links.seal(UUID(mine["id"]), at=clock.now())
    for wrong in (
        f"/dossiers/{old}",
        f"/dossiers/{of_a_document}",
        f"/dossiers/{sealed[:-2]}xx",
        f"/documents/{sealed}",
    ):
        assert (await client.get(wrong)).status_code == 403, wrong


async def test_that_an_answer_is_prepared_is_shown_once_however_often_it_is_rejected(
    client: Client, inbox: Inbox
) -> None:
    mine, wire = await filed(client), Streams()
    life = Life(UUID(mine["id"]))
    facts = (
        life.proposed(LATER), life.rejected(LATER + 1), life.proposed(LATER + 2), life.oriented(LATER + 3),
        life.declined(LATER + 4), life.proposed(LATER + 5),
    )  # fmt: skip
    await inbox.process([wire.message(fact) for fact in facts])
    labels = [step["label"] for step in (await seen(client, mine))["timeline"]]
    assert labels.count("Une réponse est en préparation") == 2  # before the provider was asked, and after it declined


async def test_what_is_asked_for_stands_above_and_among_the_messages_and_nowhere_else(
    client: Client, inbox: Inbox
) -> None:
    mine = await filed(client)
    await inbox.process([Streams().message(Life(UUID(mine["id"])).asked(LATER))])
    page = (await client.get(f"/suivi/{mine['access_token']}")).text
    assert page.count("Le budget") == 2
