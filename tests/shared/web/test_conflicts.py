"""What PostgreSQL rolls back for another one's sake is done again; people and programs learn of it when it stays so."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from litestar import Litestar, Request, Response, post
from litestar.di import NamedDependency
from litestar.response import Template

from shared.db import CONFLICT_ATTEMPTS, Cause, Database, Transaction
from shared.settings import ServiceSettings
from shared.web.application import create_application
from shared.web.forms import read_form, submit
from shared.web.pages import render
from tests.shared.web.conftest import ThingForm

MEETS_A_DEADLOCK = "DO $$ BEGIN RAISE EXCEPTION 'as if' USING ERRCODE = '40P01'; END $$"
FORM = {"title": "Un pont", "_form_key": "one"}


class Conflicts:
    """How often the next transactions meet a conflict, and how often they were begun."""

    left = 0
    begun = 0

    async def meet(self, tx: Transaction) -> None:
        self.begun += 1
        await tx.execute("INSERT INTO thing (title, correlation) VALUES ('one', $1)", str(self.begun))
        if self.left:
            self.left -= 1
            await tx.execute(MEETS_A_DEADLOCK)


@pytest.fixture
def conflicts() -> Conflicts:
    return Conflicts()


@pytest.fixture
def client(
    database: Database,
    templates: Path,
    conflicts: Conflicts,
    make_settings: Callable[..., ServiceSettings],
    browse: Callable[[Litestar], httpx2.AsyncClient],
) -> httpx2.AsyncClient:
    """A service with a form, a plain page and a call, each of which keeps one thing, and a call that keeps two."""

    @post("/forms", public=True)
    async def send_form(
        request: Request[Any, Any, Any], database: NamedDependency[Database], cause: NamedDependency[Cause]
    ) -> Response[Any]:
        """Keep a thing, or show the form again."""
        form = await read_form(request, ThingForm)

        async def keep(tx: Transaction, _: ThingForm) -> str:
            await conflicts.meet(tx)
            return "/kept"

        async def again(status: int) -> Template:
            return render(
                request, "thing.html", status_code=status, heading="Encore", values=form.values, errors=form.errors
            )

        return await submit(request, database, cause, form, keep, again=again)

    @post("/pages", public=True)
    async def send_page(request: Request[Any, Any, Any], database: NamedDependency[Database]) -> str:
        """Keep a thing that was uploaded."""
        form = await read_form(request, ThingForm)
        (upload,) = form.files["table"]
        async with database.transaction() as tx:
            await conflicts.meet(tx)
            return (await upload.read()).decode()

    @post("/call", public=True)
    async def call(database: NamedDependency[Database]) -> dict[str, int]:
        """Keep a thing."""
        async with database.transaction() as tx:
            await conflicts.meet(tx)
        return {"begun": conflicts.begun}

    @post("/calls", public=True)
    async def call_twice(database: NamedDependency[Database]) -> None:
        """Keep a thing, and meet the conflict after that."""
        left, conflicts.left = conflicts.left, 0
        async with database.transaction() as tx:
            await conflicts.meet(tx)
        conflicts.left = left
        async with database.transaction() as tx:
            await conflicts.meet(tx)

    return browse(
        create_application(
            name="trial",
            title="Essai",
            settings=make_settings(),
            database=database,
            pages=[send_form, send_page],
            api=[call, call_twice],
            templates=[templates],
        )
    )


async def things(database: Database) -> int:
    count: int = await database.fetchval("SELECT count(*) FROM thing")
    return count


async def from_our_page(client: httpx2.AsyncClient) -> dict[str, str]:
    """Take the token that forms of this service carry."""
    await client.get("/connexion")
    token = next(value for name, value in client.cookies.items() if name.endswith("_csrf"))
    return {"_csrf_token": token}


async def test_a_call_is_done_again_and_once(
    client: httpx2.AsyncClient, database: Database, conflicts: Conflicts
) -> None:
    conflicts.left = 2
    answer = await client.post("/api/v1/call")
    assert (answer.status_code, answer.json()) == (201, {"begun": 3})
    assert await things(database) == 1


async def test_a_call_that_meets_conflicts_only_is_told_to_come_back(
    client: httpx2.AsyncClient, database: Database, conflicts: Conflicts
) -> None:
    conflicts.left = 100
    answer = await client.post("/api/v1/call")
    assert (answer.status_code, answer.json()["code"]) == (503, "busy")
    assert answer.headers["retry-after"]
    assert conflicts.begun == CONFLICT_ATTEMPTS
    assert await things(database) == 0


async def test_what_has_committed_is_not_done_again(
    client: httpx2.AsyncClient, database: Database, conflicts: Conflicts
) -> None:
    conflicts.left = 1
    assert (await client.post("/api/v1/calls")).status_code == 503
    assert await things(database) == 1


async def test_a_form_is_done_again_and_once(
    client: httpx2.AsyncClient, database: Database, conflicts: Conflicts
) -> None:
    conflicts.left = 2
    answer = await client.post("/forms", data=FORM | await from_our_page(client))
    assert (answer.status_code, answer.headers.get("location")) == (303, "/kept"), answer.text
    assert await things(database) == 1


async def test_a_form_that_meets_conflicts_only_comes_back_with_what_was_typed(
    client: httpx2.AsyncClient, database: Database, conflicts: Conflicts
) -> None:
    conflicts.left = 100
    answer = await client.post("/forms", data=FORM | await from_our_page(client))
    assert answer.status_code == 503
    assert 'value="Un pont"' in answer.text
    assert "se croisaient au même moment" in answer.text
    assert conflicts.begun == CONFLICT_ATTEMPTS
    assert await things(database) == 0


async def test_a_file_is_read_again_from_its_beginning(
    client: httpx2.AsyncClient, database: Database, conflicts: Conflicts
) -> None:
    conflicts.left = 2
    token = await from_our_page(client)
    answer = await client.post("/pages", data=FORM | token, files={"table": ("a.csv", b"a;b\n1;2\n", "text/csv")})
    assert (answer.status_code, answer.text) == (201, "a;b\n1;2\n")
    assert await things(database) == 1
