"""Every route of intake, walked by people who hold no link of a request, or the link of another."""

from dataclasses import replace
from uuid import UUID

import pytest
from litestar import Litestar

from services.intake.handlers import handlers
from services.intake.settings import Settings
from services.intake.web.pages.answers import STEPS
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.territory.territories import Territories
from tests.intake.conftest import Client, a_request, bearer, filed
from tests.intake.facts import Life
from tests.intake.test_colleagues import invite
from tests.intake.test_documents import PDF
from tests.intake.test_form_documents import join
from tests.intake.test_handlers import LATER
from tests.intake.test_pages import CONTACT, a_filled_draft
from tests.walking import Foreign, Person, Walk, calls
from tests.wire import Streams

# The file of a form that is refused before it is read is closed by the collector.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
PUBLIC = "public, and about no request"
FILES = "files a request, or begins to, of whoever calls"
OWN = {
    **{
        f"GET {path}": PUBLIC
        for path in (
            "/",
            "/accessibilite",
            "/mentions-legales",
            "/statistiques",
            "/territoires",
            "/territoires/{kind}/{code}",
            "/demande",
            "/demande/brouillon.js",
            "/suivi",
            "/suivi/lien-envoye",
            "/api/v1/statistics",
            "/api/v1/statistics.csv",
            "/api/v1/statistics/datapackage.json",
            "/api/v1/territories",
            "/api/v1/territories/{kind}/{code}",
        )
    },
    "POST /demande": FILES,
    "POST /api/v1/requests": FILES,
    "POST /api/v1/requests/with-documents": FILES,
    "POST /demande/{token}/documents/{document_id}/retrait": "what a draft does not hold is not taken out of it",
    "POST /suivi": "says the same whether it knows the request or not",
}
ELSEWHERE = {
    "GET /documents/{token}": "tests/intake/test_documents.py",
    "GET /dossiers/{token}": "tests/intake/test_letters.py",
    "POST /demande/mandat": "tests/intake/test_pages.py",
    "POST /api/v1/requests/with-documents": "tests/intake/test_api_with_documents.py",
}
PLAN = ("plan.pdf", PDF, "application/pdf")


def forged(token: str) -> str:
    """Change the signature of a token."""
    return token[:-5] + ("aaaaa" if not token.endswith("aaaaa") else "bbbbb")


@pytest.fixture
async def foreign(client: Client, settings: Settings, database: Database, territories: Territories) -> Foreign:
    """A request with a document, a colleague and a letter, and a draft with another document."""
    theirs = await filed(client, title="Sauver le lavoir")
    address = f"/api/v1/requests/{theirs['id']}"
    sent = await client.post(f"{address}/documents", files={"document": PLAN}, headers=bearer(theirs["access_token"]))
    colleague, of_colleague = await invite(client, settings, theirs, email="lavoir@mairie.test")
    oriented = Life(UUID(theirs["id"])).oriented(LATER)
    await Inbox(database, handlers(territories)).process([Streams().message(oriented)])
    letters = (await client.get(address, headers=bearer(theirs["access_token"]))).json()["letters"]
    draft = await a_filled_draft(client)
    await join(client, draft, ("étude.pdf", PDF))
    page = (await client.get(f"{draft}/documents")).text
    document = page.partition("/documents/")[2][:36]
    return Foreign(
        named={
            "request_id": [theirs["id"]],
            "document_id": [sent.json()["documents"][0]["id"], document],
            "colleague_id": [colleague],
            "letter_id": [letters[0]["id"]],
            "token": [forged(theirs["access_token"]), forged(of_colleague), forged(draft.rpartition("/")[2])],
            "links": [theirs["access_token"]],
            "draft": [draft.rpartition("/")[2]],
            "kind": ["commune"],
            "code": ["95127"],
            "name": [step.name for step in STEPS if step.name != "documents"],
        },
        secret=["Sauver le lavoir", "lavoir@mairie.test", "étude.pdf"],
        form={
            **CONTACT,
            "applicant.kind": "commune",
            "territory": "Cergy",
            "territory_code": "95127",
            "kind": "tailored_support",
            "title": "Redonner vie au centre",
            "description": "Le dernier commerce a fermé.",
            "text": "Bonjour.",
            "informations.text": "Voici.",
            "avancement.text": "Le projet avance.",
            "motive": "Projet abandonné.",
            "understood": "on",
            "need_met": "4",
            "progress": "4",
            "satisfaction": "4",
            "name": "Camille",
            "email": "camille@cergy.test",
            "number": theirs["number"],
        },
        bodies={
            "POST /api/v1/requests": a_request(),
            "POST /api/v1/requests/{request_id}/evaluation": {"need_met": 4, "progress": 4, "satisfaction": 4},
            "POST /api/v1/requests/{request_id}/progress": {"text": "Le projet avance."},
            "POST /api/v1/requests/{request_id}/documents": ("document", PLAN),
            "POST /suivi/{token}/documents": {"document": PLAN},
            "POST /demande/{token}/documents": {"document": PLAN},
        },
        queries={"/api/v1/territories": "?q=Cergy"},
        own=OWN,
        makes=[route for route, why in OWN.items() if why == FILES],
    )


async def test_nobody_reaches_a_request_whose_link_they_do_not_hold(
    app: Litestar, client: Client, database: Database, foreign: Foreign, settings: Settings
) -> None:
    mine = await filed(client)
    _, of_colleague = await invite(client, settings, mine)
    people = [
        Person("nobody"),
        Person("another applicant, by the API", token=mine["access_token"], values={"token": []}),
        Person("another's colleague, by the API", token=of_colleague, values={"token": []}),
    ]
    found = await Walk(app, client, foreign, database).refused(*people)
    theirs = [path for path in (route.path_format for route in app.routes) if "_id}" not in path]
    of_another = replace(foreign, left_out=dict.fromkeys(theirs, "has no id in it: it would be the caller's own"))
    draft = (await a_filled_draft(client)).rpartition("/")[2]
    found += await Walk(app, client, of_another, database).refused(
        Person("another applicant, on pages", values={"token": [mine["access_token"], of_colleague]}),
        Person("the writer of another draft", values={"token": [draft]}),
    )
    assert not found, "\n".join(found)


async def test_the_walk_sends_what_the_rightful_may_send(
    app: Litestar, client: Client, database: Database, foreign: Foreign
) -> None:
    link = foreign.named["links"][0]
    people = [
        Person("applicant", token=link, values={"token": [link]}),
        Person("writer", values={"token": foreign.named["draft"]}),
    ]
    missed = await Walk(app, client, foreign, database).prove(*people, gone=ELSEWHERE)
    assert not missed, "\n".join(missed)


async def test_a_wrong_body_without_a_token_is_told_of_the_token_first(
    app: Litestar, client: Client, foreign: Foreign
) -> None:
    for call in calls(app, foreign, Person("nobody")):
        if call.changes and call.of_the_api and "{request_id}" in call.template:
            assert (await client.request(call.method, call.path, json={"x": 1})).status_code == 401, call.route
