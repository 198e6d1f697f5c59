"""Filing a request by program, alone or with its documents; nobody needs a token for it."""

from dataclasses import replace
from typing import Annotated, Any, Final

from litestar import Request, Router, post
from litestar.di import NamedDependency
from litestar.params import HeaderParameter, JSONBody

from services.intake.limits import Caller, Limits
from services.intake.store.files import DocumentFiles
from services.intake.usecases.file_request import Filed, file_request
from services.intake.usecases.mandates import use_mandate
from services.intake.web.api.views import FiledView, filed_view
from services.intake.web.callers import acting_as_agent
from services.intake.web.documents import ALL_AT_ONCE, receive_all, uploads_of
from services.intake.web.tokens import Tokens
from shared import clock
from shared.commands import Command
from shared.contracts.forms import FiledRequest
from shared.contracts.intake import Document
from shared.db import Cause, Database, Transaction
from shared.errors import Invalid
from shared.territory.territories import Territories
from shared.web.access import FORMS, UnsupportedContent
from shared.web.secrets import HANDED_OVER

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


@post("/requests", public=True, opt=HANDED_OVER)
async def file(
    request: Request[Any, Any, Any],
    data: JSONBody[NewRequest],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    territories: NamedDependency[Territories],
    tokens: NamedDependency[Tokens],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
    idempotency_key: Key = None,
    mandate: Mandate = None,
) -> FiledView:
    """File a request; with a mandate, which is used once, an agent files it for the collectivité."""
    key = _fit(idempotency_key)
    given, at = tokens.mandate(mandate, at=clock.now()), clock.now()
    caller = await acting_as_agent(request, replace(caller, exempt=given is not None), database)
    quota = limits.filing(caller, data.contact.email)
    async with database.transaction(cause) as tx:
        filed_by = await use_mandate(tx, given, at=at, key=key)
        filed = await file_request(
            tx, territories, data, at=at, key=key, filed_by=filed_by, quota=quota, trusted=caller.exempt
        )
    return filed_view(filed, tokens)


@post("/requests/with-documents", public=True, request_max_body_size=ALL_AT_ONCE, opt=HANDED_OVER)
async def file_with_documents(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    territories: NamedDependency[Territories],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
    idempotency_key: Key = None,
    mandate: Mandate = None,
) -> FiledView:
    """File a request with its documents, whole or not at all.

    The body is `multipart/form-data`: the part `request` holds the JSON of a request as for `/requests`, every part
    with a file name is a document.
    """
    key = _fit(idempotency_key)
    given = tokens.mandate(mandate, at=clock.now())
    data = await _typed_part(request)
    caller = await acting_as_agent(request, replace(caller, exempt=given is not None), database)
    quota = limits.filing(caller, data.contact.email)
    made: list[Filed] = []

    async def keep(tx: Transaction, documents: list[Document]) -> None:
        at = clock.now()
        filed_by = await use_mandate(tx, given, at=at, key=key)
        made.append(
            await file_request(
                tx,
                territories,
                data,
                at=at,
                key=key,
                filed_by=filed_by,
                documents=documents,
                quota=quota,
                trusted=caller.exempt,
            )
        )

    await receive_all(database, cause, files, await uploads_of(request), keep)
    return filed_view(made[-1], tokens)


def _fit(key: str | None) -> str | None:
    """Refuse (`Invalid`) an idempotency key that is blank or long."""
    if key is not None and not 0 < len(key) <= LONGEST_KEY:
        raise Invalid.field("Idempotency-Key", f"Donnez une clé de 1 à {LONGEST_KEY} caractères.")
    return key


async def _typed_part(request: Request[Any, Any, Any]) -> NewRequest:
    """Read the request out of a multipart body; refuses with `Invalid` and `UnsupportedContent`."""
    if request.content_type[0] != FORMS[1]:
        raise UnsupportedContent(wanted=FORMS[1])
    given = (await request.form()).get("request")
    if not isinstance(given, str):
        raise Invalid.field(
            "request", "Donnez la demande en JSON dans une partie «\u00a0request\u00a0» sans nom de fichier."
        )
    return NewRequest.model_validate_json(given)


routes = Router("/", route_handlers=[file, file_with_documents])
