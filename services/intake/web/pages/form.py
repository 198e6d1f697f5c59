"""The form by which a collectivité files: one question a page, a draft that is always saved, one request at the end."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Redirect

from services.intake.directory import Directory
from services.intake.domain.mandates import MandateOver
from services.intake.limits import Caller, Limits
from services.intake.usecases.drafts import begin_draft, file_draft, save_draft
from services.intake.usecases.mandates import use_mandate
from services.intake.web.pages import answers as reading
from services.intake.web.pages import choices, picker
from services.intake.web.pages import form_shown as shown
from services.intake.web.pages.answers import BY_NAME, FILED, STEPS, SUMMARY, Step, Typed
from services.intake.web.pages.draft import DraftGone, OpenDraft, draft_gone, provide_draft
from services.intake.web.tokens import Tokens
from shared import clock
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.limits import LimitReached
from shared.territory.territories import Territories
from shared.web.forms import Form, read_form, submit_once
from shared.web.mandates import PATH, POSTED_AS
from shared.web.pages import redirect
from shared.web.problems import problem_of
from shared.web.secrets import ANYBODY, FROM_ELSEWHERE, HANDED_OVER, LINK_ALONE

SEVERAL: Final = frozenset({"support_types", "fields"})
"""Questions with several answers."""
SCRIPT: Final = Path(__file__).parents[1] / "static" / "draft.js"

Asked = Request[Any, Any, Any]


@post("/demande", public=True, opt=ANYBODY)
async def begin(
    request: Asked,
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Redirect:
    """Begin a draft and go to its first question."""
    form = await read_form(request, Typed)
    quota = limits.draft(caller)

    async def act(tx: Transaction) -> str:
        draft_id = await begin_draft(tx, at=clock.now(), quota=quota)
        return str(draft_id)  # its id: the secret link is kept nowhere

    begun = await submit_once(database, form, act, cause=cause)
    return redirect(_first_question(tokens, UUID(begun.url)))


@post(PATH, public=True, opt=FROM_ELSEWHERE)
async def begin_for_another(
    request: Asked,
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Redirect:
    """Begin the draft of an agent who files for a collectivité: their own service's page posts the mandate."""
    at = clock.now()
    mandate = tokens.mandate(str((await request.form()).get(POSTED_AS, "")), at=at)
    if mandate is None:
        raise MandateOver
    quota = limits.draft(replace(caller, exempt=True))
    async with database.transaction(cause) as tx:
        filed_by = await use_mandate(tx, mandate, at=at)
        draft_id = await begin_draft(tx, at=at, filed_by=filed_by, quota=quota)
    return redirect(_first_question(tokens, draft_id))


def _first_question(tokens: Tokens, draft_id: UUID) -> str:
    return f"/demande/{tokens.drafts.token(draft_id)}/{STEPS[0].name}"


@get("/demande", public=True, sync_to_thread=False)
def begin_by_address() -> Redirect:
    """Whoever types the address is told first what it is about."""
    return redirect("/")


@get("/demande/brouillon.js", public=True, sync_to_thread=False)
def saving_script() -> Response[bytes]:
    """Give the script that saves what is being typed; without it, each step saves."""
    return Response(SCRIPT.read_bytes(), media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@get("/demande/{token:str}", public=True)
async def resume(draft: NamedDependency[OpenDraft]) -> Redirect:
    """Go to the first question that still wants an answer."""
    if draft.held.request_id is not None:
        return redirect(draft.address(FILED))
    read = draft.read()
    return redirect(draft.address(next((step.name for step in STEPS if not read.is_done(step)), SUMMARY)))


@get("/demande/{token:str}/{name:str}", public=True, opt=HANDED_OVER)
async def ask(
    request: Asked,
    draft: NamedDependency[OpenDraft],
    name: FromPath[str],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Show one question, the summary, or what was filed."""
    if draft.held.request_id is not None:
        return await shown.confirmation(request, draft, directory) if name == FILED else redirect(draft.address(FILED))
    if name == SUMMARY:
        return shown.summary(request, draft)
    step = _step(name)
    if step.name == "departement" and not reading.must_choose(draft.read().found):
        return redirect(draft.address("contact"))
    return shown.question(request, draft, step, {})


@post("/demande/{token:str}/{name:str}", public=True)
async def answer(
    request: Asked,
    draft: NamedDependency[OpenDraft],
    name: FromPath[str],
    caller: NamedDependency[Caller],
    limits: NamedDependency[Limits],
) -> Response[Any]:
    """Save what was typed, right or wrong, and go on when it is right."""
    if draft.held.request_id is not None:
        return redirect(draft.address(FILED))
    if name == SUMMARY:
        return await _file(request, draft, caller, limits)
    form = await read_form(request, Typed)
    step = _step(name)
    typed, picked = _typed(step, form, draft.held.answers, draft.territories)
    if not form.errors:
        async with draft.database.transaction(draft.cause) as tx:
            await save_draft(tx, draft.held.id, typed, at=clock.now())
    read = draft.read(typed)
    errors = {**read.errors_of(step), **({"territory": picked.error} if picked and picked.error else {})}
    if picked and (picked.error or picked.code):
        errors.pop("applicant.code", None)
    if step.name == "territoire" and typed.get("communes_error"):
        errors["communes"] = str(typed["communes_error"])
        errors.pop("applicant.communes", None)
    errors |= form.errors
    if errors:
        return shown.question(request, draft, step, typed, errors=errors, offered=picked.choices if picked else [])
    return redirect(draft.address(reading.step_after(step.name, read.found)))


@post("/demande/{token:str}/{name:str}/brouillon", public=True, status_code=204)
async def save_meanwhile(request: Asked, draft: NamedDependency[OpenDraft], name: FromPath[str]) -> None:
    """Save what is being typed, without a word."""
    form = await read_form(request, Typed)
    if draft.held.request_id is None and not form.errors:
        typed, _ = _typed(_step(name), form, draft.held.answers, draft.territories)
        async with draft.database.transaction(draft.cause) as tx:
            await save_draft(tx, draft.held.id, typed, at=clock.now())


def _step(name: str) -> Step:
    if name not in BY_NAME:
        raise NotFound
    return BY_NAME[name]


def _typed(
    step: Step, form: Form[Typed], before: reading.Answers, territories: Territories
) -> tuple[dict[str, Any], picker.Picked | None]:
    """Take what a page asked for out of its form; names of territories become codes."""
    values = {name: value if name in SEVERAL else _last(value) for name, value in form.values.items()}
    if step.name == "collectivite":
        changed = values.get("applicant.kind") != before.get("applicant.kind")
        forgotten = {"territory": "", "applicant.code": "", "lead_departement": ""} if changed else {}
        return {"applicant.kind": values.get("applicant.kind", ""), **forgotten}, None
    if step.name != "territoire":
        return {field: values.get(field, "") for field in choices.names_of(step)}, None
    kind = reading.kind_of_applicant(before)
    if kind is ApplicantKind.PRIORITY:
        typed = values.get("communes", "")
        codes, error = picker.communes_of(territories, typed)
        return {
            "applicant.name": values.get("applicant.name", ""),
            "communes": typed,
            "applicant.communes": codes,
            "communes_error": error,
            "lead_departement": "",
        }, None
    if kind in choices.LISTED:
        return {"applicant.code": values.get("applicant.code", ""), "lead_departement": ""}, None
    if kind is None:
        return {}, None
    picked = picker.pick(
        territories,
        kind,
        typed=values.get("territory", ""),
        code=values.get("territory_code", ""),
        choice=values.get("choice", ""),
        searched=values.get("searched", ""),
    )
    told = {"territory": picked.name or values.get("territory", ""), "applicant.code": picked.code}
    if picked.code != before.get("applicant.code"):
        told["lead_departement"] = ""
    return told, picked


def _last(value: Any) -> str:
    """Take what was sent once, even if it was sent twice."""
    return str(value[-1]) if isinstance(value, list) else str(value)


async def _file(request: Asked, draft: OpenDraft, caller: Caller, limits: Limits) -> Response[Any]:
    """File the draft as it was last saved; pressing twice files once, and a limit leaves it as it is."""
    filed = draft.read().filed
    if filed is None:
        return shown.summary(request, draft, status_code=400)
    quota = limits.filing(replace(caller, exempt=draft.held.filed_by is not None), filed.contact.email)
    try:
        async with draft.database.transaction(draft.cause) as tx:
            await file_draft(tx, draft.territories, draft.held.id, filed, at=clock.now(), quota=quota)
    except LimitReached as refusal:
        page = shown.summary(request, draft, status_code=429, refused=refusal.detail)
        page.headers.update(problem_of(refusal).headers)
        return page
    return redirect(draft.address(FILED))


beginning = Router("/", route_handlers=[begin, begin_for_another, begin_by_address, saving_script])
routes = Router(
    "/",
    route_handlers=[resume, ask, answer, save_meanwhile],
    dependencies={"draft": Provide(provide_draft)},
    exception_handlers={DraftGone: draft_gone},
    opt=LINK_ALONE,
)
