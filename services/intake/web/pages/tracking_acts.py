"""What the applicant does on the tracking page: each form acts once, or comes back with what was typed."""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from pydantic import BaseModel, Field, StringConstraints

from services.intake.domain.request import Evaluation
from services.intake.limits import Caller, Limits
from services.intake.store import colleagues
from services.intake.store.files import DocumentFiles
from services.intake.usecases import follow, share
from services.intake.web.documents import ALL_AT_ONCE, TOO_MUCH, receive_what_is_clean, some, to_request
from services.intake.web.pages.tracking import Opened, link_closed, page_of, provide_opened
from shared import clock
from shared.allowance import Allowance
from shared.contracts.fact import Email
from shared.contracts.intake import Document
from shared.db import Transaction
from shared.errors import Conflict, Invalid, NotFound, Refusal, TooLarge, TooManyRequests, Unavailable, UnsupportedType
from shared.web.forms import Form, read_form, submit_once
from shared.web.pages import flash, redirect
from shared.web.problems import problem_of, status_of
from shared.web.secrets import LINK_ALONE

Asked = Request[Any, Any, Any]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000)]
Figure = Annotated[int, Field(ge=1, le=5)]
Percent = Annotated[int, Field(ge=0, le=100)]

WAITS: Final = (
    "L’invitation est prête. Elle part dès que vous ouvrez le lien de suivi reçu par courriel, qui prouve que cette "
    "adresse est la vôtre."
)


class Written(BaseModel):
    """A message."""

    text: Text


class Informed(BaseModel):
    """What was asked for."""

    information: Text


class Progress(BaseModel):
    """How the work goes, of one milestone or of all of it."""

    news: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


class Withdrawn(BaseModel):
    """Why, and that the consequence was understood."""

    motive: Text
    understood: bool


class Opinion(BaseModel):
    """The evaluation form."""

    need_met: Figure
    progress: Figure
    satisfaction: Figure
    impact: ShortText | None = None
    comment: ShortText | None = None


class Invited(BaseModel):
    """Whom to invite."""

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
    email: Email


class Nothing(BaseModel):
    """A form that only holds files."""


@post("/suivi/{token:str}/messages", public=True)
async def write(
    request: Asked,
    opened: NamedDependency[Opened],
    allowance: NamedDependency[Allowance],
) -> Response[Any]:
    """Write to the département."""
    form = await read_form(request, Written)

    async def act(tx: Transaction, model: Written) -> None:
        await follow.post_message(tx, opened.holder, text=model.text, at=clock.now(), allowance=allowance)

    return await _do(request, opened, form, act, "Votre message est envoyé.")


@post("/suivi/{token:str}/messages/lus", public=True)
async def read(
    request: Asked,
    opened: NamedDependency[Opened],
) -> Response[Any]:
    """Say that the messages were read."""
    form = await read_form(request, Nothing)

    async def act(tx: Transaction, _: Nothing) -> None:
        await follow.read_messages(tx, opened.holder)

    return await _do(request, opened, form, act, "Les messages sont marqués comme lus.", place="messages")


@post("/suivi/{token:str}/informations", public=True, request_max_body_size=ALL_AT_ONCE)
async def inform(
    request: Asked,
    opened: NamedDependency[Opened],
    files: NamedDependency[DocumentFiles],
) -> Response[Any]:
    """Give what was asked for, in words and files together; files that came without words are kept."""
    form = await read_form(request, Informed)
    model = form.model
    uploads = [upload for given in form.files.values() for upload in given]
    join_all = to_request(opened.holder)

    async def keep(tx: Transaction, documents: list[Document]) -> None:
        await join_all(tx, documents)
        if model is not None:
            await follow.provide_information(tx, opened.holder, text=model.information, at=clock.now())

    try:
        await receive_what_is_clean(
            opened.database, opened.cause, files, uploads, keep, keep_others=join_all, once=form.fingerprint
        )
    except (Invalid, TooLarge, UnsupportedType, Unavailable) as refusal:
        return await _refused(request, opened, form, refusal, field="piece")
    except Conflict as refusal:
        return await _refused(request, opened, form, refusal)
    if model is None:
        if uploads:
            flash(request, "Vos documents sont ajoutés.")
        return await page_of(request, opened, form=form)
    flash(request, "Vos informations sont envoyées. Le service départemental reprend l’examen.")
    return redirect(f"/suivi/{opened.token}")


@post("/suivi/{token:str}/avancement", public=True)
async def tell_progress(
    request: Asked,
    opened: NamedDependency[Opened],
    allowance: NamedDependency[Allowance],
) -> Response[Any]:
    """Tell how the work goes."""
    form = await read_form(request, Progress)

    async def act(tx: Transaction, model: Progress) -> None:
        await follow.tell_progress(
            tx,
            opened.holder,
            text=model.news,
            percent=model.percent,
            milestone_id=model.milestone_id,
            at=clock.now(),
            allowance=allowance,
        )

    said = "Merci\u00a0! Le département et l’équipe nationale liront où en est le projet."
    return await _do(request, opened, form, act, said, place="accompagnement")


@post("/suivi/{token:str}/retrait", public=True)
async def withdraw(
    request: Asked,
    opened: NamedDependency[Opened],
) -> Response[Any]:
    """Ask to withdraw the request."""
    form = await read_form(request, Withdrawn)
    if "understood" in form.errors:
        form.errors["understood"] = "Cochez cette case pour confirmer le retrait."

    async def act(tx: Transaction, model: Withdrawn) -> None:
        await follow.withdraw(tx, opened.holder, motive=model.motive, at=clock.now())

    return await _do(request, opened, form, act, "Votre demande de retrait est envoyée.")


@post("/suivi/{token:str}/collegues", public=True)
async def invite(
    request: Asked,
    opened: NamedDependency[Opened],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Response[Any]:
    """Let a colleague follow and act."""
    form = await read_form(request, Invited)

    async def act(tx: Transaction, model: Invited) -> str | None:
        quota = limits.invitation(caller, opened.request_id, model.email)
        await share.invite_colleague(tx, opened.holder, name=model.name, email=model.email, at=clock.now(), quota=quota)
        waits = any(one.waiting for one in await colleagues.of_request(tx, opened.request_id))
        return WAITS if waits else None

    said = "L’invitation est envoyée. Votre collègue reçoit un lien qui lui est propre."
    return await _do(request, opened, form, act, said, place="collegues")


@post("/suivi/{token:str}/collegues/{colleague_id:uuid}/retrait", public=True)
async def remove(
    request: Asked,
    opened: NamedDependency[Opened],
    colleague_id: FromPath[UUID],
) -> Response[Any]:
    """Take an invitation back."""
    form = await read_form(request, Nothing)

    async def act(tx: Transaction, _: Nothing) -> None:
        await share.remove_colleague(tx, opened.holder, colleague_id, at=clock.now())

    said = "L’accès est retiré\u00a0: ce lien n’ouvre plus rien."
    return await _do(request, opened, form, act, said, place="collegues")


@post("/suivi/{token:str}/evaluation", public=True)
async def evaluate(
    request: Asked,
    opened: NamedDependency[Opened],
) -> Response[Any]:
    """Say what came of it."""
    form = await read_form(request, Opinion)

    async def act(tx: Transaction, model: Opinion) -> None:
        await follow.evaluate(tx, opened.holder, Evaluation(**model.model_dump()), at=clock.now())

    said = "Merci\u00a0! Votre avis est transmis au département et à l’équipe nationale."
    return await _do(request, opened, form, act, said)


@post("/suivi/{token:str}/documents", public=True, request_max_body_size=ALL_AT_ONCE)
async def join(
    request: Asked,
    opened: NamedDependency[Opened],
    files: NamedDependency[DocumentFiles],
) -> Response[Any]:
    """Join files."""
    form = await read_form(request, Nothing)
    uploads = [upload for given in form.files.values() for upload in given]
    try:
        keep = to_request(opened.holder)
        await receive_what_is_clean(
            opened.database, opened.cause, files, some(uploads), keep, keep_others=keep, once=form.fingerprint
        )
    except (Invalid, TooLarge, UnsupportedType, Conflict, Unavailable) as refusal:
        return await _refused(request, opened, form, refusal, field="document")
    flash(request, "Votre document est ajouté." if len(uploads) == 1 else "Vos documents sont ajoutés.")
    return redirect(f"/suivi/{opened.token}#documents")


async def _do(
    request: Asked,
    opened: Opened,
    form: Form[Any],
    act: Callable[[Transaction, Any], Awaitable[str | None]],
    said: str,
    *,
    place: str = "",
) -> Response[Any]:
    """Act once, or show the page again with what was typed and what is wrong; `place` is where it is seen.

    What `act` returns is shown in place of `said`.
    """
    model = form.model
    other: list[str] = []
    if model is None:
        return await page_of(request, opened, form=form)

    async def act_once(tx: Transaction) -> str:
        other[:] = filter(None, [await act(tx, model)])
        return ""  # the secret link is kept nowhere

    try:
        await submit_once(opened.database, form, act_once, cause=opened.cause)
    except Invalid as refusal:
        form.refuse(refusal)
        return await page_of(request, opened, form=form)
    except (Conflict, TooManyRequests) as refusal:
        return await _refused(request, opened, form, refusal)
    flash(request, *(other or [said]))
    return redirect(f"/suivi/{opened.token}#{place}" if place else f"/suivi/{opened.token}")


async def _refused(
    request: Asked,
    opened: Opened,
    form: Form[Any],
    refusal: Refusal,
    *,
    field: str = "",
) -> Response[Any]:
    form.errors[field] = refusal.errors[0].message if isinstance(refusal, Invalid) else refusal.detail
    page = await page_of(request, opened, form=form, status_code=status_of(refusal))
    page.headers.update(problem_of(refusal).headers)
    return page


routes = Router(
    "/",
    route_handlers=[write, read, inform, tell_progress, withdraw, invite, remove, evaluate, join],
    dependencies={"opened": Provide(provide_opened)},
    exception_handlers={NotFound: link_closed, **TOO_MUCH},
    opt=LINK_ALONE,
)
