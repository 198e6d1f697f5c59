"""The page as the environment builds it: it starts whatever is away, and reaches what it is told."""

from collections.abc import Awaitable, Callable

import httpx2
import pytest
from pydantic import SecretStr, ValidationError

from services.operations.adapters.connections import connected
from services.operations.environment import MissingVariableError
from services.operations.main import build
from services.operations.settings import ConnectionSettings, OperationsSettings, watched
from shared.db import Database
from tests.operations.conftest import PUBLIC_URL, Scene

Bearer = Callable[..., Awaitable[dict[str, str]]]


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Begin without any variable of the machine's."""
    for service in ("INTAKE", "QUALIFICATION", "ESCALATION", "NOTIFICATIONS"):
        for name in ("DATABASE_URL", "OPERATIONS_URL", "OPERATIONS_QUEUE", "PUBLIC_URL", "DEPARTEMENTS"):
            monkeypatch.delenv(f"{service}_{name}", raising=False)
    for name in ("SERVICES", "AMQP_URL", "MANAGEMENT_URL", "BROKER_METRICS_URL"):
        monkeypatch.delenv(f"OPERATIONS_{name}", raising=False)
    monkeypatch.delenv("AMQP_URL", raising=False)


SETTINGS = OperationsSettings(
    database_url=SecretStr("postgresql://unused"),
    port=8999,
    public_url=PUBLIC_URL,
    secret_key=SecretStr("0123456789abcdef" * 4),
)


async def test_the_page_starts_and_answers_while_the_broker_and_a_database_are_away(
    scene: Scene, own_database: Database, bearer: Bearer, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPERATIONS_SERVICES", "intake, escalation")
    monkeypatch.setenv("OPERATIONS_AMQP_URL", f"amqp://operator:x@127.0.0.1:{free_port}/")
    monkeypatch.setenv("INTAKE_DATABASE_URL", f"postgresql://nobody@127.0.0.1:{free_port}/away")
    monkeypatch.setenv("ESCALATION_DATABASE_URL", scene.urls["escalation"].app_url)
    application = build(SETTINGS, own_database)
    async with application.lifespan():
        transport = httpx2.ASGITransport(app=application)  # type: ignore[arg-type] # Litestar's scopes are narrower
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            assert (await client.get("/health/ready")).status_code == 200
            told = (await client.get("/api/v1/status", headers=await bearer())).json()
    assert told["broker_away"] is True
    assert [one["figures"] is None for one in told["services"]] == [True, False]


async def test_a_missing_address_is_said(own_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MissingVariableError, match="OPERATIONS_AMQP_URL"):
        build(SETTINGS, own_database)
    monkeypatch.setenv("AMQP_URL", "amqp://127.0.0.1/")
    with pytest.raises(MissingVariableError, match="INTAKE_DATABASE_URL"):
        async with connected():
            pass


def test_an_unknown_service_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATIONS_SERVICES", "intake,elsewhere")
    with pytest.raises(ValidationError, match="elsewhere"):
        ConnectionSettings()


@pytest.mark.parametrize(
    ("departements", "queue"), [("*", "qualification"), ("95", "qualification.95"), ("95, 78", "qualification")]
)
def test_the_queue_of_a_departement_of_its_own_carries_its_code(
    monkeypatch: pytest.MonkeyPatch, departements: str, queue: str
) -> None:
    monkeypatch.setenv("QUALIFICATION_DEPARTEMENTS", departements)
    assert watched("qualification").queue("qualification") == queue


def test_the_operators_own_address_of_a_database_comes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_DATABASE_URL", "postgresql://service")
    assert watched("intake").url("intake") == "postgresql://service"
    monkeypatch.setenv("INTAKE_OPERATIONS_URL", "postgresql://operator")
    assert watched("intake").url("intake") == "postgresql://operator"
