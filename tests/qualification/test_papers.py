"""What agents take from a case as files: letters, the whole dossier as PDF, and with its documents as ZIP."""

import json
from collections.abc import Awaitable, Callable
from uuid import UUID, uuid4

from shared import clock
from shared.contracts import intake
from shared.contracts.qualification import OrientedLocally
from shared.db import Database
from shared.identity.model import Agent
from shared.letters import About, answer_letter, answer_of, letter_id
from shared.web.document_links import LIFETIME, DocumentLinks
from tests.paper import words_of
from tests.qualification.acting import ORIENTATION, answered, done, proposed
from tests.qualification.conftest import Browser, Program
from tests.qualification.life import Life

REFUSAL = {"outcome": "refusal", "motive": "Hors du champ de l’Agence."}
LINKS = DocumentLinks("document-key-for-tests-only-0000001")


async def test_an_agent_gets_the_letter_that_the_applicant_gets(
    sat: Program, delegate: Program, life: Life, browser: Callable[[Agent], Awaitable[Browser]]
) -> None:
    shown = await answered(sat, delegate, life, REFUSAL)
    (letter,) = shown["letters"]
    by_program = words_of(await sat.get(letter["url"].removeprefix("http://qualification.test/api/v1")))
    page = f"/demandes/{life.request_id}/courriers/{letter['id']}"
    agent = await browser(sat.agent)
    assert f'href="{page}"' in (await agent.get(f"/demandes/{life.request_id}")).text
    assert words_of(await agent.get(page)) == by_program
    for said in (delegate.agent.name, "délégué territorial du Val-d’Oise", "tribunal administratif de Cergy-Pontoise"):
        assert said in by_program.replace("- ", "-")
    for said in (shown["number"], shown["request"]["title"], REFUSAL["motive"], "anct95@val-doise.gouv.fr"):
        assert said in by_program


async def test_the_letter_is_made_from_the_event_alone(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    """What another service makes of the event is the letter of the case, under the same identifier."""
    shown = await answered(sat, delegate, life, ORIENTATION)
    body = await database.fetchval("SELECT body FROM journal WHERE type = $1", OrientedLocally.wire_type)
    fact = OrientedLocally.model_validate(json.loads(body)["data"])
    answer = answer_of(fact)
    assert answer is not None
    (letter,) = shown["letters"]
    assert letter["title"] == answer_letter(answer, About.of(fact.dossier.request)).title
    assert UUID(letter["id"]) == letter_id(life.request_id, answer)


async def test_a_proposal_has_no_letter_before_it_is_validated(sat: Program, life: Life) -> None:
    assert (await proposed(sat, life, REFUSAL))["letters"] == []


async def test_a_delegate_reads_who_signs_before_validating(
    sat: Program, delegate: Program, life: Life, browser: Callable[[Agent], Awaitable[Browser]]
) -> None:
    await proposed(sat, life, REFUSAL)
    page = (await (await browser(delegate.agent)).get(f"/demandes/{life.request_id}/validation")).text
    signed = f"{delegate.agent.name}, délégué territorial du Val-d’Oise"
    assert f"La lettre sera signée\u00a0: <strong>{signed}</strong>." in page


async def test_a_letter_outside_the_perimeter_is_not_found(
    sat: Program, delegate: Program, neighbour: Program, life: Life
) -> None:
    shown = await answered(sat, delegate, life, REFUSAL)
    address = shown["letters"][0]["url"].removeprefix("http://qualification.test/api/v1")
    assert (await neighbour.get(address)).status_code == 404
    assert (await sat.get(f"/cases/{life.request_id}/letters/{uuid4()}/document.pdf")).status_code == 404


async def test_the_dossier_of_the_service_has_its_notes_and_the_printed_case_has_none(
    sat: Program, life: Life, browser: Callable[[Agent], Awaitable[Browser]]
) -> None:
    await done(sat, life, "notes", {"text": "Le maire hésite."})
    await done(sat, life, "messages", {"text": "Pouvez-vous nous rappeler ?"})
    agent = await browser(sat.agent)
    by_page = words_of(await agent.get(f"/demandes/{life.request_id}/dossier.pdf"))
    assert words_of(await sat.get(f"/cases/{life.request_id}/dossier.pdf")) == by_page
    for said in ("Redonner vie au centre-bourg", "Pouvez-vous nous rappeler", "Notes internes", "Le maire hésite."):
        assert said in by_page.replace("\u00a0", " ")
    printed = (await agent.get(f"/demandes/{life.request_id}/impression")).text
    assert "Pouvez-vous nous rappeler" in printed
    assert "Le maire hésite." not in printed


async def test_the_zip_is_fetched_at_intake_and_whoever_opens_its_documents_is_recorded(
    sat: Program, neighbour: Program, life: Life, database: Database, browser: Callable[[Agent], Awaitable[Browser]]
) -> None:
    for name in ("plan.pdf", "budget.pdf"):
        document = intake.Document(
            id=uuid4(), name=name, media_type="application/pdf", size=10, sha256="0" * 64, added_at=clock.now()
        )
        await life.tell(intake.DocumentAdded(**life.about(), document=document))
    agent, address = await browser(sat.agent), f"/cases/{life.request_id}/dossier.zip"
    page = f"/demandes/{life.request_id}/dossier.zip"
    assert f'href="{page}"' in (await agent.get(f"/demandes/{life.request_id}")).text
    for answer in (await sat.get(address), await agent.get(page)):
        assert answer.status_code == 303
        folder, _, sealed = answer.headers["location"].rpartition("/")
        assert folder == "http://intake.test/dossiers"
        assert LINKS.read_dossier(sealed, at=clock.now()) == life.request_id
        assert LINKS.read_dossier(sealed, at=clock.now() + LIFETIME) is None
        assert LINKS.read(sealed, at=clock.now()) is None
    assert (await neighbour.get(address)).status_code == 404
    opened = await database.fetch(
        "SELECT email, count(DISTINCT document_id) AS files, count(*) FROM document_access GROUP BY email"
    )
    assert [tuple(row.values()) for row in opened] == [(sat.agent.email, 2, 4)]


async def test_a_departement_that_handed_the_request_on_gets_no_zip_of_what_came_afterwards(
    sat: Program, delegate: Program, life: Life
) -> None:
    await answered(
        sat, delegate, life, {"outcome": "transfer", "departement": "78", "motive": "Le projet est dans les Yvelines."}
    )
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    assert [letter["title"] for letter in shown["letters"]] == ["Transmission à un autre département"]
    assert (await sat.get(f"/cases/{life.request_id}/dossier.zip")).status_code == 404
    assert (await sat.get(f"/cases/{life.request_id}/dossier.pdf")).status_code == 200


async def test_what_was_asked_of_the_applicant_stands_in_the_thread_without_doubled_dashes(
    sat: Program, life: Life, browser: Callable[[Agent], Awaitable[Browser]]
) -> None:
    await done(sat, life, "examination")
    items = ["- Une délibération", "• Le plan", "Un budget - même approximatif"]
    await done(sat, life, "information-request", {"items": items})
    shown = (await sat.get(f"/cases/{life.request_id}")).json()
    (step,) = [step for step in shown["timeline"] if step["type"].endswith("information_requested.v1")]
    assert step["detail"].startswith("Une délibération ; Le plan ; Un budget - même approximatif")
    page = (await (await browser(sat.agent)).get(f"/demandes/{life.request_id}")).text
    thread = page[page.index('id="messages"') : page.index('id="notes"')]
    assert "Une délibération" in thread
