"""Fixtures of intake's tests: a running application over a fresh database, and requests to file."""

import secrets
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar

from services.intake.main import application, messenger_of
from services.intake.settings import Settings
from shared.db import Database
from shared.territory.territories import Territories
from tests.standing import StandingDatabase

Client = httpx2.AsyncClient
DATABASE = StandingDatabase()
LIFTED = {name: "0" for name in Settings.model_fields if name.startswith("limit_")}
"""What strangers may do is limited in `test_limits.py` alone."""


@pytest.fixture
async def database(database_url: Callable[[str], Awaitable[str]]) -> AsyncIterator[Database]:
    """A fresh database of intake, with the rights of the running service."""
    async with DATABASE.opened(await database_url("intake"), max_size=40) as opened:
        yield opened


@pytest.fixture(scope="session")
def documents_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where documents are kept."""
    return tmp_path_factory.mktemp("kept") / "documents"


@pytest.fixture(autouse=True)
def no_documents(documents_folder: Path) -> Iterator[None]:
    """Each test finds the folder empty."""
    yield
    shutil.rmtree(documents_folder, ignore_errors=True)


@pytest.fixture(scope="session")
def settings(documents_folder: Path) -> Settings:
    """Settings that reach nothing outside the tests."""
    return Settings.model_validate(
        {
            "database_url": "postgresql://unused",
            "port": 8101,
            "amqp_url": "amqp://127.0.0.1:1/",
            "public_url": "http://intake.test",
            "secret_key": secrets.token_hex(32),
            "tracking_key": "t" * 32,
            "document_key": "d" * 32,
            "mandate_key": "m" * 32,
            "documents_folder": documents_folder,
            "requests_per_minute": 0,
            **LIFTED,
        }
    )


@pytest.fixture(scope="session")
def app(settings: Settings, territories: Territories) -> Litestar:
    """The service, without its broker, over the database of whatever test runs."""
    return application(settings, DATABASE, territories, describe=messenger_of(settings, DATABASE, territories).describe)


@pytest.fixture
async def client(database: Database, app: Litestar) -> AsyncIterator[Client]:
    """A browser or a program in front of the service."""
    assert database is DATABASE
    transport = httpx2.ASGITransport(app=app)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as opened:
        yield opened


def a_request(**changes: Any) -> dict[str, Any]:
    """The body of a request that can be filed."""
    return {
        "applicant": {"kind": "commune", "code": "95127"},
        "contact": {
            "name": "Cabinet de la mairie",
            "role": "Maire",
            "email": "mairie@cergy.test",
            "phone": "01 00 00 00 00",
        },
        "kind": "tailored_support",
        "title": "Redonner vie au centre-bourg",
        "description": "Le dernier commerce a fermé. Nous cherchons de l’ingénierie pour un projet d’ensemble.",
        "support_types": ["ingenierie_projet"],
        "fields": ["revitalisation_commerciale"],
        **changes,
    }


async def filed(client: Client, **changes: Any) -> dict[str, Any]:
    """File a request by the API, and give the answer."""
    answer = await client.post("/api/v1/requests", json=a_request(**changes))
    assert answer.status_code == 201, answer.text
    body: dict[str, Any] = answer.json()
    return body


def bearer(token: str) -> dict[str, str]:
    """The header that shows a token."""
    return {"Authorization": f"Bearer {token}"}
