"""Receive a file that came out of an accompaniment, by a form or a call, and give one back to be saved."""

from collections.abc import Awaitable, Callable
from typing import Any, Final
from urllib.parse import quote
from uuid import UUID

from litestar import Response
from litestar.datastructures import UploadFile
from litestar.response import Redirect

from shared.accompaniment import AddDeliverable, UploadedFile
from shared.db import Transaction
from shared.documents import EXTENSIONS, LARGEST_FILE, FileTooLarge
from shared.errors import FieldError, Invalid
from shared.web.access import MULTIPART, require_content
from shared.web.actions import Action, Refused, RequestContext
from shared.web.forms import Form, read_form, submit
from shared.web.pages import redirect

ONE_FILE: Final = LARGEST_FILE + 1024 * 1024
"""Bytes that one upload may be: a file, and what multipart puts around it."""
ACCEPTED: Final = ",".join(ending for endings in EXTENSIONS.values() for ending in endings)
"""What a browser offers to choose from."""


async def sent(context: RequestContext) -> tuple[UploadedFile, AddDeliverable]:
    """Read the multipart body of a call: a file, and what it belongs to; refuses (`Invalid`) one that is not valid."""
    require_content(context.request, MULTIPART)
    form = await read_form(context.request, AddDeliverable)
    if form.model is None:
        raise Invalid([FieldError(name, message) for name, message in form.errors.items()])
    return await received(form), form.model


async def take_form(
    context: RequestContext, action: Action, *of: UUID, show: Callable[..., Awaitable[Response[Any]]]
) -> Response[Any]:
    """Take a form with a file, and go back to its page, whose address is all but the last part of this one.

    `of`: the ids that the action's use case takes before the file. `show` shows the page again with what is refused.
    """
    form = await read_form(context.request, AddDeliverable, within=action.path or "")

    async def act(tx: Transaction, command: AddDeliverable) -> str:
        return str(await action.use_case(context.acting(tx), *of, await received(form), command))

    async def again(status: int) -> Response[Any]:
        return await show(context, *of, refused=Refused(action, form, status))

    answer = await submit(
        context.request, context.database, context.cause, form, act, again=again, done=str(action.done)
    )
    if not isinstance(answer, Redirect):
        return answer
    return redirect(context.request.url.path.rpartition("/")[0] + action.anchor)


async def received(form: Form[Any]) -> UploadedFile:
    """Read the one file of a form; refuses (`Invalid`) none and an empty one, and (`FileTooLarge`) a large one."""
    uploads: list[UploadFile] = form.files.get("document", [])
    if not uploads:
        raise Invalid.field("document", "Choisissez un fichier à envoyer.")
    await uploads[0].seek(0)  # a handler that is repeated has read it already
    content = await uploads[0].read(LARGEST_FILE + 1)
    if not content:
        raise Invalid.field("document", "Ce fichier est vide. Choisissez-en un autre.")
    if len(content) > LARGEST_FILE:
        raise FileTooLarge
    return UploadedFile(uploads[0].filename, content)


def saved(name: str, content: bytes, media_type: str) -> Response[bytes]:
    """Return a file to be saved, never shown: it was written by people we do not know."""
    plain = name.encode("ascii", "ignore").decode().replace('"', "") or "livrable"
    return Response(
        content,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name)}",
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "Referrer-Policy": "no-referrer",
            "Cache-Control": "no-store",
        },
    )
