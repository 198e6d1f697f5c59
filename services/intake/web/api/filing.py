"""API to file a request, alone or with its documents, without a token."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, JSONBody
from pydantic import BaseModel

from services.intake.domain import mandates
from services.intake.usecases.filing import Filed, Origin, check, file_request
from services.intake.usecases.limits import Caller
from services.intake.usecases.mandates import use_mandate
from services.intake.web.context import VisitorContext
from services.intake.web.documents import ALL_AT_ONCE, receive_all, uploads_of
from shared import clock
from shared.commands import Command
from shared.contracts.forms import FiledRequest
from shared.contracts.intake import Document
from shared.db import Transaction
from shared.errors import Invalid
from shared.web.access import MULTIPART, require_content
from shared.web.secret_links import SHOWS_SECRET_LINKS

LONGEST_KEY: Final = 255

Key = Annotated[
    str | None, HeaderParameter(name="Idempotency-Key", description="The same key files the same request only once")
]
Mandate = Annotated[
    str | None,
    HeaderParameter(name="Filing-Mandate", description="An agent's, from `/filing-mandates` of qualification"),
]


class NewRequest(FiledRequest, Command):
    """A request as it is filed; money in euro cents."""


class FiledView(BaseModel):
    """The answer to a filing; `access_token` opens the request, as does the tracking link."""

    id: UUID
    number: str
    status: str
    departement: str
    tracking_url: str
    access_token: str


@post("/requests", public=True, opt=SHOWS_SECRET_LINKS)
async def file(
    context: NamedDependency[VisitorContext],
    data: JSONBody[NewRequest],
    idempotency_key: Key = None,
    mandate: Mandate = None,
) -> FiledView:
    """File a request; with a mandate, which is used once, an agent files it for the collectivité."""
    filing = await _filing(context, data, idempotency_key, mandate)
    async with context.database.transaction(context.cause) as tx:
        return _view(context, await filing.file(tx))


@post("/requests/with-documents", public=True, request_max_body_size=ALL_AT_ONCE, opt=SHOWS_SECRET_LINKS)
async def file_with_documents(
    context: NamedDependency[VisitorContext], idempotency_key: Key = None, mandate: Mandate = None
) -> FiledView:
    """File a request with its documents, whole or not at all.

    The body is `multipart/form-data`: the part `request` holds the JSON of a request as for `/requests`, every part
    with a file name is a document.
    """
    filing = await _filing(context, await _typed_part(context.request), idempotency_key, mandate)
    made: list[Filed] = []

    async def store(tx: Transaction, documents: list[Document]) -> None:
        made.append(await filing.file(tx, documents))

    await receive_all(context, await uploads_of(context.request), store)
    return _view(context, made[-1])


@dataclass(frozen=True, slots=True)
class _Filing:
    """One call: what is filed, by whom, under which key."""

    context: VisitorContext
    data: NewRequest
    key: str | None
    mandate: mandates.Mandate | None
    caller: Caller

    async def file(self, tx: Transaction, documents: Sequence[Document] = ()) -> Filed:
        """File it; may be repeated."""
        at, parts = clock.now(), self.context.parts
        filed_by = await use_mandate(tx, self.mandate, at=at, key=self.key)
        return await file_request(
            tx,
            check(parts.territories, self.data, at=at),
            at=at,
            origin=Origin(key=self.key, filed_by=filed_by, trusted=self.caller.exempt),
            documents=documents,
            quota=parts.limits.filing(self.caller, self.data.contact.email),
        )


async def _filing(context: VisitorContext, data: NewRequest, key: str | None, mandate: str | None) -> _Filing:
    """Read who files; refuses (`Invalid`) an idempotency key that is blank or long, and with `MandateOver`."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Invalid.field("Idempotency-Key", f"Donnez une clé de 1 à {LONGEST_KEY} caractères.")
    given = context.parts.tokens.mandate(mandate, at=clock.now())
    return _Filing(context, data, key, given, await context.caller_as_agent(exempt=given is not None))


async def _typed_part(request: Request[Any, Any, Any]) -> NewRequest:
    """Read the request out of a multipart body; refuses with `Invalid` and `UnsupportedContent`."""
    require_content(request, MULTIPART)
    given = (await request.form()).get("request")
    if not isinstance(given, str):
        raise Invalid.field(
            "request", "Donnez la demande en JSON dans une partie «\u00a0request\u00a0» sans nom de fichier."
        )
    return NewRequest.model_validate_json(given)


def _view(context: VisitorContext, filed: Filed) -> FiledView:
    """Show what a filing gave; the first link's generation, so that a repetition never revives a revoked one."""
    tokens = context.parts.tokens
    return FiledView(
        id=filed.id,
        number=filed.number,
        status=filed.status,
        departement=filed.departement,
        tracking_url=tokens.tracking_url(filed.id),
        access_token=tokens.tracking_token(filed.id),
    )


routes = Router("/", route_handlers=[file, file_with_documents])
