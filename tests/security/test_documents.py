"""What somebody outside tries to reach documents and secret links, against the running product."""

import asyncio
import json
import re
import smtplib
from concurrent.futures import ThreadPoolExecutor
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import asyncpg
import pytest

from shared import clock
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Role
from shared.web.document_links import LIFETIME, DocumentLinks
from shared.web.mandates import Mandates
from tests.actors import HTTP, Agent, Applicant, Caller, Json, eventually
from tests.steps import People, a_body, a_link_by_mail, a_qualified_case, a_request, an_examined_case
from tests.system import System

pytestmark = pytest.mark.journey

QUOTED = "> Pouvez-vous nous appeler ?"
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"


def key(system: System, name: str) -> str:
    """What an attacker would have who read a service's environment."""
    known: dict[str, str] = json.loads((system.folder / "secrets.json").read_text())
    return known[f"links.{name}"]


def a_request_with_a_document(system: System, agent: People) -> tuple[Applicant, Json]:
    """Let a commune file and join a file; give the document as the SAT's program sees it."""
    applicant = a_request(system)
    HTTP.post(
        f"{system.endpoints['intake']}/api/v1/requests/{applicant.id}/documents",
        files={"document": ("plan.pdf", PDF, "application/pdf")},
        headers={"Authorization": f"Bearer {applicant.at.token}"},
    ).raise_for_status()
    agent("sat95").waits_for(applicant.id, "registered")
    seen = eventually(lambda: agent("sat95").sees(applicant.id), lambda case: bool(case["documents"]))
    return applicant, seen["documents"][0]


def opens(who: Agent, document: Json) -> Any:
    """Open a document by its address, as a program does, without following where it leads."""
    path = document["url"].partition("/api/v1")[2]
    return who.at.ask("GET", path, follow_redirects=False)


def test_somebody_keeps_the_address_of_a_document_for_later(system: System, agent: People) -> None:
    applicant, document = a_request_with_a_document(system, agent)
    answer = opens(agent("sat95"), document)
    assert answer.status_code == 303
    address = answer.headers["location"]
    assert HTTP.get(address).content == PDF
    kept = DocumentLinks(key(system, "document")).seal(UUID(document["id"]), at=clock.now() - LIFETIME)
    refused = HTTP.get(f"{address.rpartition('/')[0]}/{kept}")
    assert refused.status_code == 403
    assert "Ouvrez de nouveau le document depuis le dossier." in refused.text
    assert HTTP.get(document["url"]).status_code == 401
    assert applicant.at.ask("GET", f"/requests/{applicant.id}/documents/{document['id']}").content == PDF


def test_an_agent_of_another_departement_or_one_who_left_opens_a_document(system: System, agent: People) -> None:
    _, document = a_request_with_a_document(system, agent)
    assert opens(agent("sat78"), document).status_code == 404
    known = system.command("agent", "add", "--service", "qualification", "--email", "partant@cousu.test",
                           "--name", "Partant", "--role", "sat_agent", "--departement", "95")  # fmt: skip
    assert known is not None
    leaving = Agent(Caller(system.endpoints["qualification"], system.token("qualification", "partant@cousu.test")), "")
    assert opens(leaving, document).status_code == 303
    system.command("agent", "remove", "--service", "qualification", "--email", "partant@cousu.test")
    assert opens(leaving, document).status_code == 401


def test_a_mandate_to_file_is_replayed_or_sealed_with_the_key_of_documents(system: System, agent: People) -> None:
    mandate = agent("sat95").at.post("/filing-mandates")
    sent = [HTTP.post(mandate["url"], data={"mandat": mandate["mandate"]}, follow_redirects=False) for _ in range(2)]
    assert [answer.status_code for answer in sent] == [303, 403]
    forged = Mandates(key(system, "document")).give(Actor(role=Role.DELEGATE, name="Le préfet"), at=clock.now())
    for stolen in (mandate["mandate"], forged):
        headers = {"Filing-Mandate": stolen, "Idempotency-Key": str(uuid4())}
        answer = Caller(system.endpoints["intake"]).ask("POST", "/requests", json=a_body(), headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "mandate_over")


def test_whoever_was_forwarded_a_provider_s_mail_uses_its_link(system: System, agent: People) -> None:
    applicant = a_qualified_case(system, agent)
    provider = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"][0]
    chosen = {"motive": "Compétent.", "provider_id": provider["provider_id"]}
    agent("sat95").does(applicant.id, "proposal", outcome="local_orientation", **chosen)
    agent("delegue95").does(applicant.id, "validation")
    forwarded = a_link_by_mail(system, applicant.number, "/orientations/").rpartition("/")[2]
    agent("sat95").does(applicant.id, "orientation-link", email="direction@caue.test")
    provider_page = Caller(system.endpoints["qualification"])
    for attempt in (("GET", ""), ("POST", "/acceptance")):
        answer = provider_page.ask(attempt[0], f"/orientations/{forwarded}{attempt[1]}")
        assert (answer.status_code, answer.json()["code"]) == (404, "link_over")
    last = forwarded[-1]
    respelled = forwarded[:-1] + chr(ord(last) + (1 if last not in "9Zz" else -1))
    assert provider_page.ask("GET", f"/orientations/{respelled}").status_code == 404
    link = a_link_by_mail(system, applicant.number, "/orientations/", to="direction@caue.test").rpartition("/")[2]
    assert provider_page.ask("POST", f"/orientations/{link}/acceptance").status_code == 200
    assert provider_page.ask("GET", f"/orientations/{link}=").status_code == 404


def test_an_applicant_s_mail_program_quotes_the_secret_link(system: System, agent: People) -> None:
    applicant = an_examined_case(system, agent)
    agent("sat95").does(applicant.id, "messages", text="Pouvez-vous nous appeler ?\nMerci.")
    found = eventually(lambda: {"mail": mail_to_answer(system, applicant)}, lambda told: told["mail"] is not None)
    original, to = body_of(found["mail"]), str(found["mail"]["Reply-To"])
    headers = "De : Cousu-main\nEnvoyé : lundi\nÀ : Jeanne\nObjet : Un message\n\n"
    linked = re.search(r"/suivi/([\w-]{51})", original)
    assert linked is not None
    secrets = {str(applicant.at.token), linked[1], to.partition("@")[0]}
    between = "\n".join(f"> {line}" + ("\nOui, à 14 h." if "appeler" in line else "") for line in original.split("\n"))
    replies = urlsplit(system.endpoints["replies"])
    texts = (
        f"D’accord pour mardi.\n\n{headers}{original}",
        f"Le 30/11/2026, Cousu-main a écrit :\n{between}",
        f"Sans ligne. {applicant.tracking_url}\nÉcrivez à {to}",
    )
    for text in texts:
        reply = EmailMessage(policy=policy.SMTP)
        reply["From"], reply["To"], reply["Subject"] = "mairie@magny.test", to, "Re: Un message"
        reply["Message-ID"] = f"<{uuid4()}@magny.test>"
        reply.set_content(text)
        with smtplib.SMTP(replies.hostname or "", replies.port or 0, timeout=60) as door:
            door.send_message(reply, from_addr="mairie@magny.test", to_addrs=[to])
    applicant.does("messages", text=f"Mon lien\u00a0: {applicant.tracking_url} et mon code {applicant.at.token}")

    def read() -> Json:
        case = agent("sat95").sees(applicant.id)
        return {"case": case, "texts": [one["text"] for one in case["messages"]]}

    found = eventually(read, lambda seen: len(seen["texts"]) == len(texts) + 2)
    assert "D’accord pour mardi." in found["texts"]
    assert any("Oui, à 14 h." in text for text in found["texts"])
    held = json.dumps([found["case"], applicant.sees()["messages"]])
    for name in ("intake", "qualification", "notifications"):
        bodies = journaled(f"{system.endpoints['postgres'].rpartition('/')[0]}/cousu_{name}", applicant.id)
        assert bodies
        held += "".join(bodies)
    held += "".join(one["text"] for one in system.mails(applicant.number) if is_to(one, "anct95@val-doise.gouv.fr"))
    assert "D’accord pour mardi." in held
    assert [secret for secret in secrets if secret in held] == []


def journaled(database: str, request_id: str) -> list[str]:
    """Read what a service told of a request, in a thread: the browser's tests may have a loop in this one."""

    async def read() -> list[str]:
        connection = await asyncpg.connect(database)
        try:
            rows = await connection.fetch("SELECT body FROM journal WHERE subject = $1", request_id)
        finally:
            await connection.close()
        return [row["body"] for row in rows]

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, read()).result()


def mail_to_answer(system: System, applicant: Applicant) -> EmailMessage | None:
    """Find the mail that quotes the SAT's message, whole, as the applicant received it."""
    for file in (system.folder / "mail").glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        if mail["To"] == "mairie@magny.test" and applicant.number in mail["Subject"] and QUOTED in body_of(mail):
            return mail
    return None


def body_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""


def is_to(mail: Json, address: str) -> bool:
    return address in [one["address"] for one in mail["to"]]
