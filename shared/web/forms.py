"""HTML forms: parse and validate them, run a use case once per submission, show the page again with errors."""

import hashlib
import re
import secrets
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType, UnionType
from typing import Annotated, Any, Final, Generic, TypeVar, Union, get_args, get_origin

import structlog
from litestar import Request, Response
from litestar.datastructures import UploadFile
from litestar.response import Redirect
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticCustomError

from shared import clock, commands
from shared.db import CONFLICTS, Cause, Database, Transaction, retry_conflicts
from shared.errors import Invalid, Refusal
from shared.web import validation
from shared.web.access import FORMS, require_content
from shared.web.pages import csrf_token_of, flash, redirect
from shared.web.problems import Busy, problem_of, status_of

log = structlog.get_logger(__name__)

Model = TypeVar("Model", bound=BaseModel)
Shown = TypeVar("Shown", bound=Response[Any])
FORM_KEY = "_form_key"
_ROW: Final = re.compile(r"(?P<rows>.+?)\.(?P<place>\d+)\.(?P<member>.+)")
CHUNK: Final = 64 * 1024
"""Bytes of a file that are held in memory at a time."""


@dataclass(slots=True)
class Form(Generic[Model]):
    """A form as it was sent: `model` when it is valid, else None with `errors`; `values` to show it again."""

    model: Model | None
    values: Mapping[str, Any]
    errors: dict[str, str] = field(default_factory=dict)
    files: Mapping[str, list[UploadFile]] = field(default_factory=dict)
    fingerprint: bytes = b""
    more: bool = False
    """Sent by the button `_more`, which asks for the page again with more empty rows."""
    prefix: str = ""
    """Prefix of the names of its fields, on a page with several forms."""

    def refuse(self, refusal: Refusal) -> None:
        """Add a refusal of the use case to the form's errors: by field, or for the whole form under ""."""
        if isinstance(refusal, Invalid) and refusal.errors:
            self.errors.update({f"{self.prefix}{error.field}": error.message for error in refusal.errors})
        else:
            self.errors[""] = refusal.detail
        self.model = None


async def read_form(
    request: Request[Any, Any, Any],
    model: type[Model],
    *,
    within: str = "",
    known: Mapping[str, Any] = MappingProxyType({}),
) -> Form[Model]:
    """Read an urlencoded or multipart form into a model.

    Blank fields count as not given. A list is a field sent several times; `contact.email` and `items.0.name` are
    members of members. Names that start with `_` are reserved. Secret links in what was typed are masked.
    Names may begin with `within` and a dot, so that those of several forms on one page differ. Members of the model
    that are `known` already, from the page's address, are not read.
    """
    require_content(request, *FORMS)
    sent = await request.form()
    values: dict[str, Any] = {}
    files: dict[str, list[UploadFile]] = {}
    for name in dict.fromkeys(sent.keys()):
        if name.startswith("_"):
            continue
        given = sent.getall(name)
        if uploads := [item for item in given if isinstance(item, UploadFile)]:
            files[name] = [upload for upload in uploads if upload.filename]
            continue
        texts = [str(item).strip() for item in given]
        values[name] = texts if len(texts) > 1 or _holds_many(model, name.removeprefix(f"{within}.")) else texts[0]
    prefix = f"{within}." if within and any(name.startswith(f"{within}.") for name in sent) else ""
    form: Form[Model] = Form(
        None,
        values,
        files=files,
        fingerprint=await _fingerprint(request, list(sent.multi_items()), files),
        more="_more" in sent,
        prefix=prefix,
    )
    try:
        form.values = _without_empty_rows(commands.without_secrets(values))
        fields = {name.removeprefix(prefix): value for name, value in form.values.items()}
        form.model = model.model_validate({**_members(model, _tree(fields)), **known}, context=commands.TYPED)
    except PydanticCustomError:
        form.errors[""] = validation.SENTENCES["unstorable_text"]
    except ValidationError as invalid:
        for error in validation.field_errors(invalid.errors()):
            form.errors.setdefault(*_where_typed(f"{prefix}{error.field}", error.message, form.values))
    return form


async def submit(
    request: Request[Any, Any, Any],
    database: Database,
    cause: Cause,
    form: Form[Model],
    act: Callable[[Transaction, Model], Awaitable[str]],
    *,
    again: Callable[[int], Awaitable[Shown]],
    done: str | None = None,
) -> Redirect | Shown:
    """Run `act` once for a valid form, flash the sentence `done` and redirect to the path that `act` returns.

    For a form that is not valid or was refused, return the page that `again` makes for a status.
    """
    typed = form.model
    if form.more:
        form.errors = {}
        return await again(200)
    if typed is None:
        return await again(400)

    async def once(tx: Transaction) -> str:
        return await act(tx, typed)

    try:
        answer = await submit_once(database, form, once, cause=cause)
    except Refusal as refusal:
        log.info("form.refused", code=refusal.code)
        form.refuse(refusal)
        page = await again(status_of(refusal))
        page.headers.update(problem_of(refusal).headers)
        return page
    if done:
        flash(request, done)
    return answer


async def submit_once(
    database: Database,
    form: Form[Any],
    act: Callable[[Transaction], Awaitable[str]],
    *,
    cause: Cause,
) -> Redirect:
    """Run `act` in one transaction and redirect to the path that it returns; a repeated submission is only redirected.

    `act` is repeated after a deadlock or serialization failure; raises `Busy` when each attempt met one.
    """

    async def once() -> str:
        async with database.transaction(cause) as tx:
            if not await claim(tx, form.fingerprint, at=clock.now()):
                return await outcome(tx, form.fingerprint)
            location = await act(tx)
            await settle(tx, form.fingerprint, location)
        return location

    try:
        return redirect(await retry_conflicts(once))
    except CONFLICTS as conflict:
        raise Busy from conflict


async def claim(tx: Transaction, fingerprint: bytes, *, at: datetime) -> bool:
    """Claim a submission; waits for a concurrent one with its fingerprint, and returns False if that one committed."""
    taken = await tx.fetchval(
        """
        INSERT INTO form_submission (fingerprint, location, submitted_at)
        VALUES ($1, '', $2)
        ON CONFLICT (fingerprint) DO NOTHING
        RETURNING TRUE
        """,
        fingerprint,
        at,
    )
    return bool(taken)


async def settle(tx: Transaction, fingerprint: bytes, location: str) -> None:
    """Store the path to which a submission was redirected."""
    await tx.execute("UPDATE form_submission SET location = $2 WHERE fingerprint = $1", fingerprint, location)


async def outcome(tx: Transaction, fingerprint: bytes) -> str:
    """Return the path to which an earlier submission was redirected."""
    location: str = await tx.fetchval("SELECT location FROM form_submission WHERE fingerprint = $1", fingerprint)
    return location


async def sweep(tx: Transaction, *, before: datetime) -> None:
    """Delete submissions that are too old to be sent again."""
    await tx.execute("DELETE FROM form_submission WHERE submitted_at < $1", before)


async def _fingerprint(
    request: Request[Any, Any, Any], fields: list[tuple[str, Any]], files: Mapping[str, list[UploadFile]]
) -> bytes:
    """Return what distinguishes one submission from another: page, browser, one-time key and everything that was typed.

    The content counts too: whoever goes back, corrects and sends again with the old key means something else.
    """
    key = next((str(value) for name, value in fields if name == FORM_KEY), None) or secrets.token_hex()
    parts = [request.scope["path"], csrf_token_of(request), key]
    parts += [f"{name}={value}" for name, value in fields if not isinstance(value, UploadFile)]
    digest = hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass"))
    for name in sorted(files):
        for upload in files[name]:
            digest.update(repr((name, upload.filename)).encode("utf-8", "surrogatepass"))
            content = hashlib.sha256()
            await upload.seek(0)  # a handler that is repeated has read it already
            while chunk := await upload.read(CHUNK):
                content.update(chunk)
            digest.update(content.digest())
            await upload.seek(0)
    return digest.digest()


def _where_typed(name: str, message: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field of an error and its sentence; an item of a list that was typed as lines is named by its line."""
    field, _, place = name.rpartition(".")
    if place.isdecimal() and field in values:
        return field, f"Ligne {int(place) + 1}\u00a0: {message[:1].lower()}{message[1:]}"
    return name, message


def _without_empty_rows(values: Mapping[str, Any]) -> dict[str, Any]:
    """Number the rows of a form (`items.2.name`) as they are read: without those that were left empty."""
    found = {name: row for name in values if (row := _ROW.fullmatch(name))}
    filled = {(row["rows"], int(row["place"])) for name, row in found.items() if values[name]}
    shown = {name: value for name, value in values.items() if name not in found}
    for name, row in found.items():
        rows, place = row["rows"], int(row["place"])
        if (rows, place) in filled:
            before = sum(one == rows and other < place for one, other in filled)
            shown[f"{rows}.{before}.{row['member']}"] = values[name]
    return shown


def _holds_many(model: type[BaseModel], name: str) -> bool:
    """Return whether the field of this dotted name is a list of values."""
    kinds: list[Any] = [model]
    for part in name.split("."):
        kinds = [inner for kind in kinds for inner in _below(kind, part)]
    return any(get_origin(kind) in _MANY for kind in kinds)


_MANY = frozenset({list, set, frozenset, tuple})


def _below(kind: Any, part: str) -> list[Any]:
    """Return the types of a member by its name, or of an item by its number."""
    if part.isdecimal():
        return [choice for item in get_args(kind) for choice in _choices(item)] if get_origin(kind) in _MANY else []
    members = kind.model_fields.items() if isinstance(kind, type) and issubclass(kind, BaseModel) else ()
    return [choice for key, known in members if part in {key, known.alias} for choice in _choices(known.annotation)]


def _choices(annotation: Any) -> list[Any]:
    """Return the branches of a union, or the type itself, without annotations."""
    if get_origin(annotation) is Annotated:
        return _choices(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [choice for branch in get_args(annotation) for choice in _choices(branch)]
    return [annotation]


def _tree(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tree of dotted names, without blank values."""
    root: dict[str, Any] = {}
    for name, value in values.items():
        filled = [item for item in value if item] if isinstance(value, list) else value
        if filled in ("", []):
            continue
        *branches, leaf = name.split(".")
        place = root
        for branch in branches:
            below = place.setdefault(branch, {})
            if not isinstance(below, dict):
                break
            place = below
        else:
            place[leaf] = filled
    return {name: _with_lists(value) for name, value in root.items()}


def _members(model: type[BaseModel], tree: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the model does not name: a page's form may send more than its command takes."""
    names = {name for key, known in model.model_fields.items() for name in (key, known.alias)}
    return {name: value for name, value in tree.items() if name in names}


def _with_lists(value: Any) -> Any:
    """Make lists of the branches whose names are numbers."""
    if not isinstance(value, dict):
        return value
    if value and all(name.isdecimal() for name in value):
        return [_with_lists(value[name]) for name in sorted(value, key=int)]
    return {name: _with_lists(item) for name, item in value.items()}
