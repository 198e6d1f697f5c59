"""Find the addresses of databases and broker: in the environment, or in the file that `make run` writes."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from shared.db import Database
from shared.secret_files import secret_file

REPOSITORY = Path(__file__).resolve().parents[2]
"""The checkout or the installation: what holds `services/` and `shared/`."""

ENVIRONMENT_FILE = "COUSU_ENVIRONMENT_FILE"
RUN_FOLDER = "COUSU_RUN_FOLDER"


class MissingVariableError(Exception):
    """An environment variable is not set that is needed to connect."""


def read_environment_file() -> None:
    """Set the variables of the environment file that the environment does not have.

    The file is the one named by `COUSU_ENVIRONMENT_FILE`, or the one of the embedded run. There may be none.
    """
    file = Path(
        os.environ.get(ENVIRONMENT_FILE) or Path(os.environ.get(RUN_FOLDER) or REPOSITORY / ".run") / "environment"
    )
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        key, separator, value = line.partition("=")
        if separator and not key.lstrip().startswith("#"):
            os.environ.setdefault(key.strip(), value.strip())


def variable(name: str, *, otherwise: str | None = None) -> str:
    """Return a variable's value, or `otherwise`. Raises `MissingVariableError` with what to do."""
    value = os.environ.get(name) or secret_file(name) or otherwise
    if not value:
        raise MissingVariableError(f"{name} is not set. Set it, or start `make run` once in this folder.")
    return value


@asynccontextmanager
async def database_of(service: str) -> AsyncIterator[Database]:
    """Open the database of a service for as long as the block lasts."""
    database = await Database.connect(variable(f"{service.upper()}_DATABASE_URL"), name="cousu-main", max_size=2)
    try:
        yield database
    finally:
        await database.close()
