"""Somebody outside sends files, mails and addresses made to stop a service, to the running product."""

import contextlib
import smtplib
from email import message_from_bytes, policy
from email.message import EmailMessage
from urllib.parse import urlsplit
from uuid import uuid4
from zipfile import ZIP_BZIP2, ZIP_LZMA

import pytest

from tests.actors import HTTP, eventually
from tests.security.test_credentials import PROGRAMS, programs
from tests.shared.test_documents import MOST_MEMORY, a_bomb
from tests.steps import a_request
from tests.system import System

pytestmark = pytest.mark.journey

ODT = "application/vnd.oasis.opendocument.text"


def peak_memory(system: System, module: str) -> int:
    """Bytes that a service of the running product has held at most."""
    [process] = [process for process, name, _ in programs(system.folder) if name == module]
    said = (process / "status").read_text()
    return int(said.partition("VmHWM:")[2].split()[0]) * 1024


@pytest.mark.parametrize(("method", "mebibytes"), [(ZIP_BZIP2, 600), (ZIP_LZMA, 200)])
def test_an_applicant_uploads_a_file_that_swells(system: System, method: int, mebibytes: int) -> None:
    applicant, before = a_request(system), peak_memory(system, "services.intake")
    answer = HTTP.post(
        f"{system.endpoints['intake']}/api/v1/requests/{applicant.id}/documents",
        files={"file": ("plan.odt", a_bomb(method, mebibytes), ODT)},
        headers={"Authorization": f"Bearer {applicant.at.token}"},
    )
    assert (answer.status_code, answer.headers["Content-Type"]) == (415, "application/problem+json")
    assert peak_memory(system, "services.intake") - before < MOST_MEMORY


def reply_address(system: System, number: str) -> str:
    """Find where the applicant may answer, in the mails that were sent about a request; empty where none was yet."""
    mails = [
        message_from_bytes(file.read_bytes(), policy=policy.default) for file in (system.folder / "mail").glob("*.eml")
    ]
    return next((str(mail["Reply-To"]) for mail in mails if number in mail["Subject"] and mail["Reply-To"]), "")


def test_an_applicant_answers_by_a_mail_that_takes_for_ever_to_read(system: System) -> None:
    applicant = a_request(system)
    to = eventually(lambda: {"address": reply_address(system, applicant.number)}, lambda found: found["address"])[
        "address"
    ]
    replies = urlsplit(system.endpoints["replies"])
    for hostile in ("De:" * 100_000, "De : \u00a0*" * 20_000, "a wrote" + " " * 200_000 + ":"):
        mail = EmailMessage(policy=policy.SMTP)
        mail["From"], mail["To"], mail["Subject"], mail["Message-ID"] = "mairie@magny.test", to, "Re:", f"<{uuid4()}@x>"
        mail.set_content(f"Bonjour\n{hostile}\nmerci\nPour répondre, écrivez au-dessus de cette ligne.\n> ancien")
        refused = contextlib.suppress(smtplib.SMTPDataError)  # what is too long is refused, what is not is read
        with refused, smtplib.SMTP(replies.hostname or "", replies.port or 0, timeout=60) as door:
            door.send_message(mail, from_addr="mairie@magny.test", to_addrs=[to])
        assert HTTP.get(f"{system.endpoints['notifications']}/health/live", timeout=10).status_code == 200


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_stranger_asks_for_addresses_that_cannot_be(system: System, program: str) -> None:
    impossible = ("/static/x%00", f"/static/{'a' * 256}", "/static/%FF", "/static/..%2f..%2fetc%2fpasswd", "/%00")
    answers = {path: HTTP.get(f"{system.endpoints[program]}{path}").status_code for path in impossible}
    assert {path: status for path, status in answers.items() if status not in {400, 404}} == {}
