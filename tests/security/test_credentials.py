"""Who reads a program's environment, holds its database role, or reads the logs, of the product as it runs."""

import json
import re
import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

import asyncpg
import pytest

from deploy.local.demo.beginning import REQUESTS
from services.operations.domain.services import SERVICES
from tests.actors import HTTP, Applicant, eventually
from tests.system import System

PROGRAMS: Final = (*SERVICES, "operations")

TRACES: Final = {
    "intake": ("operation",),
    "qualification": ("operation", "consultation"),
    "escalation": ("operation", "consultation"),
    "notifications": ("operation", "consultation"),
}

MAIL_ADDRESS: Final = re.compile(r"[\w.+-]{1,80}@[\w-]{1,60}\.(?:test|fr)\b")
SECRET_LINK: Final = re.compile(r"/(?:suivi|documents?|orientations|pactes/parties|prestataires)/[\w-]{30,}")


def programs(folder: Path) -> Iterator[tuple[Path, str, dict[str, str]]]:
    """Find each program that runs from this folder: its place in /proc, module and environment.

    Anybody of the same account can read them.
    """
    for process in Path("/proc").iterdir():
        try:
            command = (process / "cmdline").read_bytes().split(b"\0")
            raw = (process / "environ").read_bytes().decode(errors="replace")
        except OSError:
            continue
        told = dict(part.partition("=")[::2] for part in raw.split("\0") if part)
        if told.get("COUSU_RUN_FOLDER") == str(folder) and b"-m" in command:
            yield process, command[command.index(b"-m") + 1].decode(), told


def module_of(program: str) -> str:
    return "services.operations" if program == "operations" else f"services.{program}"


@pytest.fixture(scope="module")
def told(system: System) -> dict[str, dict[str, str]]:
    """The environment of each service and of the operators' page, by module."""
    found = {module: environment for _, module, environment in programs(system.folder)}
    assert {module_of(program) for program in PROGRAMS} <= found.keys()
    return found


def owners_passwords(folder: Path) -> list[str]:
    known = json.loads((folder / "postgres" / "passwords.json").read_text())
    owners = [password for role, password in known.items() if role.endswith("_owner") or role == "postgres"]
    broker = next(folder.glob("rabbitmq*/passwords.json"))
    return [*owners, json.loads(broker.read_text())["supervisor"]]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_intruder_in_a_service_finds_no_owners_password(
    program: str, told: dict[str, dict[str, str]], system: System
) -> None:
    mine = told[module_of(program)]
    assert not [key for key in mine if key.endswith(("_MIGRATION_URL", "_BROKER_ADMIN_URL", "SUPERVISOR_AMQP_URL"))]
    assert not [key for key, value in mine.items() if any(one in value for one in owners_passwords(system.folder))]


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_intruder_in_a_service_finds_no_database_and_no_key_of_another(
    program: str, told: dict[str, dict[str, str]]
) -> None:
    others = tuple(f"{name.upper()}_" for name in PROGRAMS if name != program)
    secret = ("_DATABASE_URL", "_AMQP_URL", "_KEY", "_SECRET")
    assert not [key for key in told[module_of(program)] if key.startswith(others) and key.endswith(secret)]


@pytest.mark.parametrize("service", SERVICES)
async def test_an_intruder_with_a_services_role_cannot_hide_what_was_done(
    service: str, told: dict[str, dict[str, str]]
) -> None:
    connection = await asyncpg.connect(told[f"services.{service}"][f"{service.upper()}_DATABASE_URL"])
    tried = ["DROP TRIGGER journal_is_append_only ON journal", "ALTER TABLE journal DISABLE TRIGGER ALL"]
    tried += [f"{verb} {table}" for table in ("journal", *TRACES[service]) for verb in ("DELETE FROM", "TRUNCATE")]
    tried += ["UPDATE journal SET body = ''", "UPDATE operation SET why = '', by = 'somebody else'"]
    try:
        for statement in tried:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


@pytest.mark.parametrize("service", SERVICES)
async def test_an_intruder_in_the_operators_page_reads_no_request_and_enrols_nobody(
    service: str, told: dict[str, dict[str, str]]
) -> None:
    connection = await asyncpg.connect(told["services.operations"][f"{service.upper()}_OPERATIONS_URL"])
    try:
        for statement in (
            "UPDATE agent SET roles = '{operator}'",
            "SELECT digest FROM agent_token",
            "DELETE FROM operation",
            "UPDATE journal SET body = ''",
            {
                "intake": "SELECT body FROM request",
                "qualification": "SELECT request FROM case_file",
                "escalation": "SELECT * FROM message",
                "notifications": "SELECT text_body FROM delivery",
            }[service],
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(statement)
    finally:
        await connection.close()


def test_the_logs_of_a_life_hold_no_password_key_address_or_link(
    system: System, told: dict[str, dict[str, str]]
) -> None:
    applicant = Applicant.files(system.endpoints["intake"], REQUESTS[0])
    HTTP.get(applicant.tracking_url).raise_for_status()
    eventually(lambda: {"mails": system.mails(applicant.number)}, lambda seen: bool(seen["mails"]))
    door = urlsplit(system.endpoints["replies"])
    with smtplib.SMTP(door.hostname or "", door.port or 0, timeout=30) as dialogue:
        dialogue.ehlo("exemple.fr")
        dialogue.docmd("XUNKNOWN", "mairie@exemple.fr")
        dialogue.mail("mairie@exemple.fr")
        dialogue.rcpt(f"reponse+{'a' * 52}@reponses.cousu.test")
    HTTP.get(f"{system.endpoints['operations']}/health/ready").raise_for_status()
    system.command("form", "list", "--json")

    secrets = {applicant.at.token or "none", *json.loads((system.folder / "secrets.json").read_text()).values()}
    for passwords in system.folder.glob("*/passwords.json"):
        secrets |= set(json.loads(passwords.read_text()).values())
    for environment in told.values():
        urls = (urlsplit(value) for key, value in environment.items() if key.endswith("_URL") and "@" in value)
        secrets |= {unquote(url.password) for url in urls if url.password}
    found = []
    for log in (system.folder / "logs").iterdir():
        text = log.read_text(errors="replace")
        found += [f"{log.name}: a secret" for secret in secrets if secret in text]
        found += [f"{log.name}: {address}" for address in MAIL_ADDRESS.findall(text)]
        found += [f"{log.name}: {link}" for link in SECRET_LINK.findall(text)]
    assert found == []


def test_the_files_of_a_run_are_its_owners_alone(system: System) -> None:
    private = [
        *(system.folder / "logs").iterdir(),
        *(system.folder / name for name in ("secrets.json", "environment", "endpoints.json", "copies.json")),
    ]
    assert [file.name for file in private if file.stat().st_mode & 0o077] == []


def test_no_secret_is_among_the_arguments_of_a_program(system: System) -> None:
    secrets = [
        *json.loads((system.folder / "secrets.json").read_text()).values(),
        *json.loads((system.folder / "postgres" / "passwords.json").read_text()).values(),
    ]
    shown = b""
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            shown += process.read_bytes()
        except OSError:
            continue
    assert not [secret for secret in secrets if secret.encode() in shown]
