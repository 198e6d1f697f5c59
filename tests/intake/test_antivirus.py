"""Files are scanned by the real clamd before they are kept: one with a virus is set aside, and costs nothing else."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aioclamd import ClamdAsyncClient, ClamdError  # type: ignore[import-untyped] # it says no types
from litestar import Litestar

from services.intake.main import application
from services.intake.settings import Settings
from shared.db import Database
from shared.territory.territories import Territories
from tests.intake.conftest import DATABASE, Client, bearer, filed
from tests.intake.test_documents import PDF
from tests.intake.test_pages import begin, hidden

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
"""What every antivirus takes for a virus (https://www.eicar.org), in two parts, so that none finds it in this file."""
INFECTED = PDF + EICAR
FOUND = "L’antivirus a trouvé un programme dangereux dans «\u00a0facture.pdf\u00a0»"


@pytest.fixture(scope="module")
async def clamd(servers_folder: Path, free_ports: Callable[[int], list[int]]) -> AsyncIterator[int]:
    """A real clamd that knows one signature, of our own making; gives its port."""
    folder = servers_folder / "clamd"
    folder.mkdir()
    (folder / "eicar.ndb").write_text(f"Eicar-Test:0:*:{EICAR.hex()}\n")
    (port,) = free_ports(1)
    configuration = folder / "clamd.conf"
    configuration.write_text(
        f"DatabaseDirectory {folder}\nTCPSocket {port}\nTCPAddr 127.0.0.1\nForeground yes\nMaxThreads 2\nUser root\n"
    )
    process = await asyncio.create_subprocess_exec(
        "clamd", f"--config-file={configuration}", stdout=asyncio.subprocess.DEVNULL
    )
    try:
        for _ in range(600):
            assert process.returncode is None
            try:
                await ClamdAsyncClient("127.0.0.1", port).ping()
                break
            except ClamdError:
                await asyncio.sleep(0.1)
        yield port
    finally:
        process.terminate()
        await process.wait()


@pytest.fixture(scope="module")
def settings(settings: Settings, clamd: int) -> Settings:
    """Settings of an intake that has files scanned."""
    return settings.model_copy(update={"antivirus": f"127.0.0.1:{clamd}", "antivirus_wait_seconds": 0})


@pytest.fixture(scope="module")
def app(settings: Settings, territories: Territories) -> Litestar:
    """An intake that has files scanned."""
    return application(settings, DATABASE, territories, describe=dict)


def upload(content: bytes, name: str = "facture.pdf") -> tuple[str, tuple[str, bytes, str]]:
    return ("document", (name, content, "application/pdf"))


def quarantined(settings: Settings) -> dict[bytes, str]:
    """What lies in the quarantine: the bytes of each file and what was found in them."""
    files = [path for path in settings.documents_folder.glob("quarantine/*/*") if not path.suffix]
    return {path.read_bytes(): path.with_suffix(".txt").read_text() for path in files}


async def test_a_program_is_told_which_file_is_infected_and_nothing_is_kept(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    address = f"/api/v1/requests/{mine['id']}/documents"
    files = [upload(PDF, "plan.pdf"), upload(INFECTED)]
    refused = await client.post(address, files=files, headers=bearer(mine["access_token"]))
    assert (refused.status_code, refused.json()["code"]) == (415, "file_infected")
    assert refused.json()["detail"].startswith(FOUND)
    assert await database.fetchval("SELECT count(*) FROM document") == 0
    assert quarantined(settings) == {INFECTED: "Eicar-Test.UNOFFICIAL"}
    taken = await client.post(address, files=[upload(PDF, "plan.pdf")], headers=bearer(mine["access_token"]))
    assert taken.status_code == 201


async def test_whoever_sends_one_from_the_tracking_page_loses_nothing_else(
    client: Client, database: Database, settings: Settings
) -> None:
    mine = await filed(client)
    page = await client.get(f"/suivi/{mine['access_token']}")
    action = f"/suivi/{mine['access_token']}/documents"
    answer = await client.post(action, data=hidden(page, action), files=[upload(INFECTED), upload(PDF, "plan.pdf")])
    assert answer.status_code == 415
    assert FOUND in answer.text
    assert await database.fetchval("SELECT string_agg(name, ',') FROM document") == "plan.pdf"
    assert list(quarantined(settings)) == [INFECTED]


async def test_whoever_joins_one_to_a_draft_keeps_the_others(client: Client, database: Database) -> None:
    draft = await begin(client)
    page = await client.get(f"{draft}/documents")
    files = [upload(PDF, "plan.pdf"), upload(INFECTED), upload(PDF, "carte.pdf")]
    answer = await client.post(f"{draft}/documents", data=hidden(page, f"{draft}/documents"), files=files)
    assert FOUND in answer.text
    names = await database.fetch("SELECT name FROM draft_document")
    assert {row["name"] for row in names} == {"plan.pdf", "carte.pdf"}


async def test_a_file_of_no_accepted_type_is_scanned_too(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    address = f"/api/v1/requests/{mine['id']}/documents"
    refused = await client.post(address, files=[upload(EICAR)], headers=bearer(mine["access_token"]))
    assert refused.json()["code"] == "file_infected"
    assert list(quarantined(settings)) == [EICAR]


async def test_a_scanner_that_is_away_takes_no_file_and_costs_nothing_else(
    database: Database, settings: Settings, territories: Territories, free_ports: Callable[[int], list[int]]
) -> None:
    import httpx2  # noqa: PLC0415 - for this test's own application

    (port,) = free_ports(1)
    away = settings.model_copy(update={"antivirus": f"127.0.0.1:{port}", "antivirus_wait_seconds": 0.2})
    transport = httpx2.ASGITransport(app=application(away, DATABASE, territories, describe=dict))  # type: ignore[arg-type] # as in conftest
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as client:
        mine = await filed(client)
        address = f"/api/v1/requests/{mine['id']}/documents"
        refused = await client.post(address, files=[upload(PDF)], headers=bearer(mine["access_token"]))
        assert (refused.status_code, refused.json()["code"]) == (503, "scanner_away")
        draft = await begin(client)
        page = await client.get(f"{draft}/documents")
        answer = await client.post(f"{draft}/documents", data=hidden(page, f"{draft}/documents"), files=[upload(PDF)])
        assert "antivirus des fichiers est momentanément indisponible" in answer.text
    assert await database.fetchval("SELECT count(*) FROM document") == 0
    assert not [path for path in settings.documents_folder.rglob("*") if path.is_file()]


async def test_a_large_file_is_scanned_whole(client: Client, settings: Settings) -> None:
    mine = await filed(client)
    address = f"/api/v1/requests/{mine['id']}/documents"
    large = PDF + b"0" * (9 * 1024 * 1024)
    for content, status in ((large, 201), (large + EICAR, 415)):
        answer = await client.post(address, files=[upload(content)], headers=bearer(mine["access_token"]))
        assert answer.status_code == status
    assert list(quarantined(settings)) == [large + EICAR]
