"""One declaration makes a page's form and an API call: both carry out one use case, with one set of rules."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from litestar import Litestar, Request, Response, Router
from litestar.di import NamedDependency
from pydantic import BaseModel, Field

from shared.commands import Amount, Command, NoBody, Nothing
from shared.db import Cause, Database, Reader, Transaction
from shared.errors import Conflict, Invalid, TooManyRequests
from shared.web.actions import (
    Action,
    Answer,
    Refused,
    RequestContext,
    Resource,
    api_read,
    api_routes,
    offered,
    page_read,
    page_routes,
)
from shared.web.application import create_application
from shared.web.openapi import document
from tests.shared.web.conftest import front, settings
from tests.shared.web.test_pages import hidden

PUBLIC = {"public": True}


class Pay(Command):
    """What is paid for a thing."""

    amount_cents: Annotated[Amount, Field(ge=1, le=1_000_000)]
    on: date | None = None
    note: Annotated[str, Field(max_length=20)] | None = None


class Rename(Command):
    """A thing of this number gets a name."""

    number: int
    name: str


class PayByForm(Pay):
    """The form asks for more."""

    sure: bool


class ThingView(BaseModel):
    """A thing as everybody sees it."""

    number: int
    titles: list[str]


class TooManyThings(TooManyRequests):
    """Too many were closed."""


class ThingWithNew(ThingView):
    """The same, with what was created."""

    created: int


@dataclass(frozen=True, slots=True)
class Do:
    """What the use cases are given."""

    tx: Transaction


class TrialContext(RequestContext):
    """What the handlers are given."""

    def acting(self, tx: Transaction) -> Do:
        """Give the context of a use case."""
        return Do(tx)


async def _keep(do: Do, title: str) -> None:
    await do.tx.execute("INSERT INTO thing (title, correlation) VALUES ($1, '')", title)


async def pay(do: Do, number: int, command: Pay) -> int:
    """Pay for a thing."""
    await _keep(do, f"{number}: {command.amount_cents} {command.note}")
    if command.note == "deux fois":
        raise Invalid.field("note", "C’est déjà payé.")
    return 7


async def close(do: Do, number: int, _: Nothing) -> None:
    """Close a thing."""
    if number == 13:
        raise Conflict
    if number == 14:
        raise TooManyThings(retry_after=60)
    await _keep(do, f"{number}: closed")


async def rename(do: Do, command: Rename) -> str:
    """Name a thing, and give the name that it now has."""
    await _keep(do, f"{command.number}: {command.name}")
    return command.name.title()


async def _read(_: TrialContext, reader: Reader, number: int) -> ThingView:
    """Give a thing."""
    rows = await reader.fetch("SELECT title FROM thing ORDER BY title")
    return ThingView(number=number, titles=[row["title"] for row in rows])


async def _show(_: TrialContext, number: int, *, refused: Refused | None = None) -> Response[Any]:
    if refused is None:
        return Response({"number": number})
    return Response(
        {"number": number, "of": refused.action.name, "errors": refused.form.errors, "values": refused.form.values},
        status_code=refused.status,
    )


THING = Resource(
    address="/things/{number:int}",
    page="/choses/{number:int}",
    view=ThingView,
    view_with_new=ThingWithNew,
    read=_read,
    show=_show,
)
ACTIONS = (
    Action("payment", Pay, pay, path="paiement", label="Payer", done="C’est payé.", creates=True, opt=PUBLIC),
    Action("closing", Nothing, close, path="cloture", done="C’est clos.", then="/choses", anchor="#fin", opt=PUBLIC),
    Action("audit", NoBody, close, opt=PUBLIC),
    Action("gift", Pay, pay, path="don", done=lambda number: f"Don {number}.", form=PayByForm, opt=PUBLIC),
)


async def _named(_: TrialContext, __: Reader, name: str) -> str:
    return f"named {name}"


async def _show_names(_: TrialContext, number: int, *, refused: Refused) -> Response[Any]:
    return Response({"names": number, "errors": refused.form.errors}, status_code=refused.status)


ALL_THINGS = Resource(address="/things", page="/choses/{number:int}/nom", view=ThingView, read=_read, show=_show_names)
ON_ALL_THINGS = (
    Action(
        "renaming",
        Rename,
        rename,
        path="",
        address="",
        method="PUT",
        answer=Answer(str, _named),
        then="/choses/{created}",
        opt=PUBLIC,
    ),
)


async def provide_context(
    request: Request[Any, Any, Any], database: NamedDependency[Database], cause: NamedDependency[Cause]
) -> TrialContext:
    """Give the context of a request."""
    return TrialContext(request, database, cause)


@pytest.fixture
def application(database: Database, templates: Path) -> Litestar:
    """A service with nothing but these actions."""
    return create_application(
        name="trial",
        title="Essai",
        settings=settings(),
        database=database,
        pages=[
            front,
            Router("/", route_handlers=[page_read(THING)], opt=PUBLIC),
            *page_routes(THING, ACTIONS),
            *page_routes(ALL_THINGS, ON_ALL_THINGS),
        ],
        api=[
            Router("/", route_handlers=[api_read(THING)], opt=PUBLIC),
            *api_routes(THING, ACTIONS),
            *api_routes(ALL_THINGS, ON_ALL_THINGS),
        ],
        templates=[templates],
        dependencies={"context": provide_context},
    )


@pytest.fixture
def client(application: Litestar, browse: Callable[[Litestar], httpx2.AsyncClient]) -> httpx2.AsyncClient:
    """A browser, or a program."""
    return browse(application)


async def sent(client: httpx2.AsyncClient, path: str, **fields: str) -> httpx2.Response:
    """Send a form with the token of a page."""
    token = hidden(await client.get("/"), "_csrf_token")
    return await client.post(path, data={"_csrf_token": token, **fields})


async def test_who_reloads_the_address_of_a_form_comes_to_its_page(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/choses/3/paiement?a=1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/choses/3?a=1")
    assert (await client.get("/choses/3/paiement/encore")).status_code == 404
    assert (await client.get("/api/v1/things/3/payment")).status_code == 405


async def titles(database: Database) -> list[str]:
    """Give what the use cases stored."""
    return [row["title"] for row in await database.fetch("SELECT title FROM thing ORDER BY title")]


async def test_a_call_answers_with_the_resource_and_what_was_created(client: httpx2.AsyncClient) -> None:
    answer = await client.post("/api/v1/things/3/payment", json={"amount_cents": 2500, "note": "Merci"})
    assert (answer.status_code, answer.json()) == (201, {"number": 3, "titles": ["3: 2500 Merci"], "created": 7})


@pytest.mark.parametrize("body", [None, {}])
async def test_a_command_without_required_members_needs_no_body(
    client: httpx2.AsyncClient, body: dict[str, str] | None
) -> None:
    answer = await client.post("/api/v1/things/3/closing", json=body)
    assert (answer.status_code, answer.json()) == (200, {"number": 3, "titles": ["3: closed"]})


async def test_a_form_carries_out_the_same_use_case_with_euros_as_people_type_them(
    client: httpx2.AsyncClient, database: Database
) -> None:
    answer = await sent(client, "/choses/3/paiement", amount_cents="25,50 €", note="Merci", elsewhere="unknown")
    assert (answer.status_code, answer.headers["location"]) == (303, "/choses/3")
    assert await titles(database) == ["3: 2550 Merci"]


async def test_a_form_leads_where_its_row_says_and_keeps_the_query(client: httpx2.AsyncClient) -> None:
    answer = await sent(client, "/choses/3/cloture?page=2")
    assert answer.headers["location"] == "/choses?page=2#fin"


async def test_a_form_that_is_not_valid_is_shown_again_with_what_was_typed(
    client: httpx2.AsyncClient, database: Database
) -> None:
    answer = await sent(client, "/choses/3/paiement", amount_cents="beaucoup", note="Merci")
    assert answer.status_code == 400
    assert answer.json() == {
        "number": 3,
        "of": "payment",
        "errors": {"amount_cents": "Donnez un montant en euros, comme 25 000 ou 25 000,50."},
        "values": {"amount_cents": "beaucoup", "note": "Merci"},
    }
    assert await titles(database) == []


async def test_a_form_that_only_wants_more_rows_is_shown_again_without_errors(
    client: httpx2.AsyncClient, database: Database
) -> None:
    answer = await sent(client, "/choses/3/paiement", amount_cents="beaucoup", _more="1")
    assert (answer.status_code, answer.json()["errors"]) == (200, {})
    assert answer.json()["values"] == {"amount_cents": "beaucoup"}
    assert await titles(database) == []


async def test_a_refused_command_stores_nothing_and_names_its_field(
    client: httpx2.AsyncClient, database: Database
) -> None:
    by_form = await sent(client, "/choses/3/paiement", amount_cents="25", note="deux fois")
    assert (by_form.status_code, by_form.json()["errors"]) == (400, {"note": "C’est déjà payé."})
    by_call = await client.post("/api/v1/things/3/payment", json={"amount_cents": 2500, "note": "deux fois"})
    assert by_call.json()["errors"] == [{"field": "note", "message": "C’est déjà payé."}]
    assert (await client.post("/api/v1/things/13/closing")).status_code == 409
    assert await titles(database) == []


async def test_fields_of_several_forms_on_one_page_may_begin_with_the_name_of_theirs(
    client: httpx2.AsyncClient, database: Database
) -> None:
    wrong = await sent(client, "/choses/3/paiement", **{"paiement.amount_cents": "25", "paiement.note": "x" * 21})
    assert wrong.json()["errors"] == {"paiement.note": "Au plus 20 caractères sont acceptés."}
    assert wrong.json()["values"] == {"paiement.amount_cents": "25", "paiement.note": "x" * 21}
    right = await sent(client, "/choses/3/paiement", **{"paiement.amount_cents": "25", "paiement.note": "Merci"})
    assert right.status_code == 303
    assert await titles(database) == ["3: 2500 Merci"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"amount_cents": 2500, "other": 1}, "other"),
        ({"amount_cents": "25,50"}, "amount_cents"),
        ({"note": "Merci"}, "amount_cents"),
    ],
)
async def test_a_body_that_does_not_fit_is_refused_by_field(
    client: httpx2.AsyncClient, body: dict[str, object], field: str
) -> None:
    answer = await client.post("/api/v1/things/3/payment", json=body)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, [field])


async def test_a_form_may_ask_for_more_than_a_call(client: httpx2.AsyncClient) -> None:
    wrong = await sent(client, "/choses/3/don", amount_cents="25")
    assert wrong.json()["errors"] == {"sure": "Ce champ est obligatoire."}
    assert (await client.post("/api/v1/things/3/gift", json={"amount_cents": 2500, "sure": True})).status_code == 400
    assert (await client.post("/api/v1/things/3/gift", json={"amount_cents": 2500})).status_code == 200


async def test_what_is_said_may_depend_on_what_was_done(client: httpx2.AsyncClient) -> None:
    right = await sent(client, "/choses/3/don", amount_cents="25", sure="on")
    assert right.status_code == 303
    assert "Don 7." in (await client.get("/")).text


async def test_where_a_form_led_is_stored_without_its_address(client: httpx2.AsyncClient, database: Database) -> None:
    token = hidden(await client.get("/"), "_csrf_token")
    form = {"_csrf_token": token, "_form_key": "one", "amount_cents": "25"}
    first, second = [await client.post("/choses/3/paiement", data=form) for _ in range(2)]
    assert first.headers["location"] == second.headers["location"] == "/choses/3"
    assert [row["location"] for row in await database.fetch("SELECT location FROM form_submission")] == ["7"]
    assert len(await titles(database)) == 1


async def test_a_refusal_that_says_when_to_come_back_says_so_beside_the_form(client: httpx2.AsyncClient) -> None:
    refused = await sent(client, "/choses/14/cloture")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")


async def test_an_action_without_a_form_has_no_page(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/v1/things/3/audit")).status_code == 200
    assert [action.label for action in offered(ACTIONS, {"payment", "audit"})] == ["Payer"]


async def test_a_resource_is_given_and_shown_at_its_own_addresses(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/api/v1/things/3")).json() == {"number": 3, "titles": []}
    assert (await client.get("/choses/3")).json() == {"number": 3}


async def test_a_row_may_name_its_own_address_method_and_answer(client: httpx2.AsyncClient) -> None:
    answer = await client.put("/api/v1/things", json={"number": 3, "name": "puits"})
    assert (answer.status_code, answer.text) == (200, "named Puits")


async def test_an_id_of_the_page_that_the_command_names_goes_into_the_command(
    client: httpx2.AsyncClient, database: Database
) -> None:
    wrong = await sent(client, "/choses/3/nom", number="4")
    assert (wrong.status_code, list(wrong.json())) == (400, ["names", "errors"])
    assert wrong.json()["names"] == 3
    answer = await sent(client, "/choses/3/nom", number="4", name="puits")
    assert answer.headers["location"] == "/choses/Puits"
    assert await titles(database) == ["3: puits"]


def test_a_call_without_a_body_is_described_without_one(application: Litestar) -> None:
    paths = document(application)["paths"]
    assert "requestBody" not in paths["/api/v1/things/{number}/audit"]["post"]
    assert "requestBody" in paths["/api/v1/things/{number}/closing"]["post"]
    assert paths["/api/v1/things/{number}"]["get"]["description"] == "Give a thing."


def test_the_description_names_command_use_case_and_answer(application: Litestar) -> None:
    described = document(application)["paths"]["/api/v1/things/{number}/payment"]["post"]
    assert described["description"] == "Pay for a thing."
    assert described["requestBody"]["content"]["application/json"]["schema"] == {"$ref": "#/components/schemas/Pay"}
    assert described["responses"]["201"]["content"]["application/json"]["schema"] == {
        "$ref": "#/components/schemas/ThingWithNew"
    }
    assert [parameter["name"] for parameter in described["parameters"]] == ["number"]
