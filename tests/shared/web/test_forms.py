"""How what people type becomes what the code understands."""

from collections.abc import Callable
from typing import Annotated, Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar, Request, post
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from shared.commands import AS_IT_READS, LINES, TYPED, Amount
from shared.errors import Conflict, Invalid
from shared.web.forms import Form, read_form

AMOUNT: TypeAdapter[int] = TypeAdapter(Amount)
OFFICIAL_TEXT: TypeAdapter[str] = TypeAdapter(Annotated[str, AS_IT_READS])


class Contact(BaseModel):
    """A member with members."""

    email: str
    phone: str | None = None


class Tried(BaseModel):
    """An item of a list."""

    name: str
    answers: list[str] = []


class Whole(BaseModel):
    """A form with all that forms have."""

    contact: Contact
    fields: Annotated[list[str], Field(min_length=1)]
    tried: list[Tried] = []
    agreed: bool = False


@post("/read", status_code=200)
async def read(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Say what was understood."""
    form = await read_form(request, Whole)
    return {
        "model": form.model.model_dump() if form.model else None,
        "values": dict(form.values),
        "errors": form.errors,
        "files": {name: [upload.filename for upload in uploads] for name, uploads in form.files.items()},
    }


class Wanted(BaseModel):
    """A list that people type one item a line."""

    wanted: Annotated[list[Annotated[str, Field(max_length=20)]], LINES]


@post("/lines", status_code=200)
async def read_lines(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """Say which lines were understood."""
    form = await read_form(request, Wanted)
    return {"lines": form.model.wanted if form.model else [], "errors": form.errors}


@pytest.fixture
def client(browse: Callable[[Litestar], httpx2.AsyncClient]) -> httpx2.AsyncClient:
    """A browser on one form."""
    return browse(Litestar([read, read_lines], openapi_config=None))


async def test_names_with_dots_are_members_and_numbers_are_items(client: httpx2.AsyncClient) -> None:
    sent = {
        "contact.email": " a@b.fr ",
        "contact.phone": "",
        "fields": ["mobilite"],
        "tried.0.name": "CAUE",
        "tried.10.name": "EPF",
        "tried.2.name": "Cerema",
        "agreed": "on",
        "_form_key": "x",
    }
    said = (await client.post("/read", data=sent)).json()
    assert said["errors"] == {}
    assert said["model"] == {
        "contact": {"email": "a@b.fr", "phone": None},
        "fields": ["mobilite"],
        "tried": [{"name": name, "answers": []} for name in ("CAUE", "Cerema", "EPF")],
        "agreed": True,
    }


async def test_rows_left_empty_are_not_counted_where_a_row_is_shown_again(client: httpx2.AsyncClient) -> None:
    sent = {"tried.0.name": "", "tried.2.answers": "Non.", "tried.2.name": "", "tried.10.name": "EPF"}
    said = (await client.post("/read", data=sent)).json()
    assert said["errors"]["tried.0.name"] == "Ce champ est obligatoire."
    rows = {name: value for name, value in said["values"].items() if name.startswith("tried")}
    assert rows == {"tried.0.answers": ["Non."], "tried.0.name": "", "tried.1.name": "EPF"}


async def test_a_list_typed_as_lines_is_read_line_by_line_and_a_wrong_line_is_named(
    client: httpx2.AsyncClient,
) -> None:
    said = (await client.post("/lines", data={"wanted": " Le plan \n\nLe budget"})).json()
    assert said == {"lines": ["Le plan", "Le budget"], "errors": {}}
    said = (await client.post("/lines", data={"wanted": "Le plan\n" + "x" * 21})).json()
    assert said["errors"] == {"wanted": "Ligne 2\u00a0: au plus 20 caractères sont acceptés."}


async def test_errors_have_the_names_of_the_fields(client: httpx2.AsyncClient) -> None:
    said = (await client.post("/read", data={"tried.0.name": "", "tried.0.answers": "x", "contact.phone": "1"})).json()
    assert said["model"] is None
    assert said["errors"] == dict.fromkeys(["contact.email", "fields", "tried.0.name"], "Ce champ est obligatoire.")
    assert said["values"]["contact.phone"] == "1"


async def test_files_are_kept_apart(client: httpx2.AsyncClient) -> None:
    said = (
        await client.post(
            "/read",
            data={"contact.email": "a@b.fr", "fields": ["a", "b"]},
            files=[("documents", ("plan.pdf", b"%PDF")), ("documents", ("note.odt", b"PK"))],
        )
    ).json()
    assert said["errors"] == {}
    assert said["files"] == {"documents": ["plan.pdf", "note.odt"]}
    assert said["model"]["fields"] == ["a", "b"]


async def test_text_that_no_database_holds_is_refused(client: httpx2.AsyncClient) -> None:
    said = (await client.post("/read", data={"contact.email": "a\x00b"})).json()
    assert said["errors"] == {"": "Ce texte contient un caractère qui ne peut pas être enregistré."}


@pytest.mark.parametrize(
    ("typed", "cents"),
    [("25000", 2_500_000), ("25 000,50 €", 2_500_050), ("25\u202f000,5", 2_500_050), ("0,01", 1), ("12.30", 1230)],
)
def test_amounts_are_read_as_people_type_them(typed: str, cents: int) -> None:
    assert AMOUNT.validate_python(typed, context=TYPED) == cents


@pytest.mark.parametrize("typed", ["douze", "1,2,3", "NaN", "inf", "1e6", "1e400", "1_000", "--1", "99999999999999"])
def test_what_is_no_amount_is_refused(typed: str) -> None:
    with pytest.raises(ValidationError, match="Donnez un montant"):
        AMOUNT.validate_python(typed, context=TYPED)


@pytest.mark.parametrize(
    "control", ["\u202a", "\u202b", "\u202c", "\u202d", "\u202e", "\u2066", "\u2067", "\u2068", "\u2069"]
)
def test_an_official_text_shows_its_letters_in_their_order(control: str) -> None:
    with pytest.raises(ValidationError, match="inversent la lecture"):
        OFFICIAL_TEXT.validate_python(f"Accord {control}sufer")
    assert (
        OFFICIAL_TEXT.validate_python("Accord\u00a0: l’été, 25\u202f000\u00a0€")
        == "Accord\u00a0: l’été, 25\u202f000\u00a0€"
    )


@given(st.text())
def test_no_typed_amount_breaks_the_reader(typed: str) -> None:
    try:
        assert abs(AMOUNT.validate_python(typed, context=TYPED)) < 10**14
    except ValidationError:
        return


@given(st.integers(min_value=0, max_value=10**13))
def test_every_amount_survives_being_typed(cents: int) -> None:
    assert AMOUNT.validate_python(f"{cents // 100},{cents % 100:02}", context=TYPED) == cents


def test_a_refusal_of_the_use_case_joins_the_errors() -> None:
    form: Form[Whole] = Form(None, {})
    form.refuse(Invalid.field("contact.email", "Déjà utilisée."))
    form.refuse(Conflict())
    assert form.errors == {"contact.email": "Déjà utilisée.", "": Conflict.sentence}
