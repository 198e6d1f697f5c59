"""The service as it runs: built whole, over the real broker, with the sample client of a form that is not ours."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from services.intake.main import build
from services.intake.settings import Settings
from shared.db import Database
from tests.intake.conftest import a_request

CLIENT = Path(__file__).parents[2] / "docs" / "form_client.py"


@asynccontextmanager
async def running(settings: Settings, database: Database, amqp_url: str) -> AsyncIterator[None]:
    """Run intake until the block ends; the block begins when it is ready."""
    whole = build(settings.model_copy(update={"amqp_url": SecretStr(amqp_url)}), database)
    transport = httpx2.ASGITransport(app=whole)  # type: ignore[arg-type] # Litestar's scopes are narrower than ASGI's
    async with (
        whole.lifespan(),
        httpx2.AsyncClient(transport=transport, base_url="http://intake.test") as client,
        asyncio.timeout(60),
    ):
        while (await client.get("/health/ready")).status_code != 200:
            await asyncio.sleep(0.05)
        yield


async def file_by_the_sample(amqp_url: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run the sample client as its reader would; give what it prints."""
    program = await asyncio.create_subprocess_exec(
        sys.executable,
        CLIENT,
        env={**os.environ, "AMQP_URL": amqp_url},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    printed, _ = await program.communicate(json.dumps(request).encode())
    assert program.returncode == 0
    answer: dict[str, Any] = json.loads(printed)
    return answer


async def test_the_sample_client_files_over_the_exchange_and_is_answered(
    database: Database, settings: Settings, broker_url: Callable[[str], str]
) -> None:
    form = broker_url("supervisor")
    async with running(settings, database, broker_url("intake")):
        filed, refused = await asyncio.gather(
            file_by_the_sample(form, a_request()), file_by_the_sample(form, a_request(title=""))
        )
    assert filed["filed_from"] == "/forms/ours"
    assert filed["request"]["number"].startswith("95-")
    assert [error["field"] for error in refused["errors"]] == ["title"]
    assert await database.fetchval("SELECT count(*) FROM request") == 1


def test_the_sample_client_is_short() -> None:
    body = CLIENT.read_text(encoding="utf-8").split("async def file")[1].split("\n\n\n")[0].splitlines()
    assert len(body) <= 20
