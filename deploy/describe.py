"""The documents for programs, generated from the code: OpenAPI and AsyncAPI of each service, stored in `docs/api/`."""

import asyncio
import importlib
import json
import os
import sys
from pathlib import Path
from typing import Any, cast

import httpx2
import structlog

from deploy.local.environment import KEYS_OF_LINKS, SENDS_PEOPLE_TO
from shared.db import Database
from shared.messaging.accounts import SERVICES

FOLDER = Path(__file__).resolve().parents[1] / "docs" / "api"
DOCUMENTS = {"openapi": "/api/v1/openapi.json", "asyncapi": "/asyncapi"}


def describe() -> dict[str, str]:
    """Return each document's text by its file name; starts nothing and connects to nothing."""
    return asyncio.run(_describe())


async def _describe() -> dict[str, str]:
    described = {}
    for service in SERVICES:
        transport = httpx2.ASGITransport(app=_application(service))
        async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            for name, path in DOCUMENTS.items():
                answer = await client.get(path)
                answer.raise_for_status()
                described[f"{service}.{name}.json"] = _tidy(answer.json())
    return described


def _application(service: str) -> Any:
    """Build the service as `main.py` does, with settings that lead nowhere."""
    prefix = service.upper()
    nowhere = {
        "DATABASE_URL": "postgresql://127.0.0.1/none",
        "AMQP_URL": "amqp://127.0.0.1/",
        "PORT": "8100",
        "PUBLIC_URL": "http://127.0.0.1:8100",
        "SECRET_KEY": "0" * 64,
        "DOCUMENTS_FOLDER": str(FOLDER),
        **{f"{purpose.upper()}_KEY": "0" * 64 for purpose in KEYS_OF_LINKS},
        **{f"{other.upper()}_URL": "http://127.0.0.1:8100" for other in SENDS_PEOPLE_TO},
    }
    os.environ.update({f"{prefix}_{name}": value for name, value in nowhere.items()})
    module = importlib.import_module(f"services.{service}.main")
    database = Database(cast("Any", None))  # never asked: describing reads no row
    return module.build(module.Settings(), database)


def _tidy(document: dict[str, Any]) -> str:
    """Write it so that a change shows as a small difference."""
    return json.dumps(document, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> int:
    """Write the documents, or with `--check` print which ones are out of date."""
    structlog.configure(logger_factory=structlog.ReturnLoggerFactory())
    described = describe()
    if "--check" in sys.argv[1:]:
        stale = [
            name
            for name, text in described.items()
            if not (FOLDER / name).exists() or (FOLDER / name).read_text(encoding="utf-8") != text
        ]
        if stale:
            print(f"No longer true: {', '.join(stale)}. Write them again: make docs", file=sys.stderr)  # noqa: T201 - for people
        return 1 if stale else 0
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in described.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
