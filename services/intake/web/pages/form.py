"""Pages of the filing form: one question per page, saved as a draft, filed as a request at the end."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect

from services.intake.domain.mandates import MandateOver
from services.intake.usecases import territory_search
from services.intake.usecases.drafts import begin_draft, file_draft, save_draft
from services.intake.usecases.mandates import use_mandate
from services.intake.web.context import VisitorContext
from services.intake.web.pages import choices
from services.intake.web.pages import form_shown as shown
from services.intake.web.pages.answers import BY_NAME, FILED, STEPS, SUMMARY, Step, Typed, applicant_kind
from services.intake.web.pages.draft import BY_DRAFT, DraftContext, DraftGone, draft_gone
from shared import clock
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Transaction
from shared.errors import NotFound
from shared.limits import LimitReached
from shared.web.access import PUBLIC
from shared.web.forms import Form, read_form, submit_once
from shared.web.mandates import PATH, POSTED_AS
from shared.web.pages import redirect
from shared.web.problems import problem_of
from shared.web.secret_links import AUTHORIZED_BY_LINK, FROM_ANOTHER_SERVICE, SHOWS_SECRET_LINKS, WITHOUT_CSRF

SEVERAL: Final = frozenset({"support_types", "fields"})
"""Questions with several answers."""
SCRIPT: Final = Path(__file__).parents[1] / "static" / "draft.js"


@post("/demande", public=True, opt=WITHOUT_CSRF)
async def begin(context: NamedDependency[VisitorContext]) -> Redirect:
    """Begin a draft and go to its first question."""
    form = await read_form(context.request, Typed)
    quota = context.parts.limits.draft(context.caller)

    async def act(tx: Transaction) -> str:
        draft_id = await begin_draft(tx, at=clock.now(), quota=quota)
        return str(draft_id)  # its id: the secret link is not stored

    begun = await submit_once(context.database, form, act, cause=context.cause)
    return _to_first_question(context, UUID(begun.url))


@post(PATH, public=True, opt=FROM_ANOTHER_SERVICE)
async def begin_for_another(context: NamedDependency[VisitorContext]) -> Redirect:
    """Begin the draft of an agent who files for a collectivité: their own service's page posts the mandate."""
    at = clock.now()
    mandate = context.parts.tokens.mandate(str((await context.request.form()).get(POSTED_AS, "")), at=at)
    if mandate is None:
        raise MandateOver
    quota = context.parts.limits.draft(replace(context.caller, exempt=True))
    async with context.database.transaction(context.cause) as tx:
        filed_by = await use_mandate(tx, mandate, at=at)
        draft_id = await begin_draft(tx, at=at, filed_by=filed_by, quota=quota)
    return _to_first_question(context, draft_id)


def _to_first_question(context: VisitorContext, draft_id: UUID) -> Redirect:
    return redirect(f"/demande/{context.parts.tokens.drafts.token(draft_id)}/{STEPS[0].name}")


@get("/demande", public=True, sync_to_thread=False)
def begin_by_address() -> Redirect:
    """Lead whoever types the address to the home page."""
    return redirect("/")


@get("/demande/brouillon.js", public=True, sync_to_thread=False)
def saving_script() -> Response[bytes]:
    """Return the script that saves what is being typed; without it, each step saves."""
    return Response(SCRIPT.read_bytes(), media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@get("/demande/{token:str}")
async def resume(context: NamedDependency[DraftContext]) -> Redirect:
    """Go to the first question that still wants an answer."""
    return redirect(context.address(FILED if context.draft.request_id else context.read().next_open))


@get("/demande/{token:str}/{name:str}", opt=SHOWS_SECRET_LINKS)
async def ask(context: NamedDependency[DraftContext], name: FromPath[str]) -> Response[Any]:
    """Show one question, the summary, or what was filed."""
    if context.draft.request_id is not None:
        return await shown.confirmation(context) if name == FILED else redirect(context.address(FILED))
    reading = context.read()
    if name == SUMMARY:
        return shown.summary(context, reading)
    step = _step(name)
    if step not in reading.steps:
        return redirect(context.address(reading.after(step)))
    return shown.question(context, step, reading)


@post("/demande/{token:str}/{name:str}")
async def answer(context: NamedDependency[DraftContext], name: FromPath[str]) -> Response[Any]:
    """Save what was typed, right or wrong, and go on when it is right."""
    if context.draft.request_id is not None:
        return redirect(context.address(FILED))
    if name == SUMMARY:
        return await _file(context)
    form, step = await read_form(context.request, Typed), _step(name)
    page = _read_page(context, step, form)
    if not form.errors:
        await _save(context, page)
    reading = context.read(page.answers)
    errors = page.errors_beside(reading.errors_of(step)) | form.errors
    if errors:
        return shown.question(context, step, reading, wrong=shown.Wrong(errors, offered=page.picked.choices))
    return redirect(context.address(reading.after(step)))


@post("/demande/{token:str}/{name:str}/brouillon", status_code=204)
async def save_meanwhile(context: NamedDependency[DraftContext], name: FromPath[str]) -> None:
    """Save what is being typed, without a word."""
    form = await read_form(context.request, Typed)
    if context.draft.request_id is None and not form.errors:
        await _save(context, _read_page(context, _step(name), form))


@dataclass(frozen=True, slots=True)
class _Page:
    """What one page's form says: answers to save, and the territory that was looked for."""

    answers: dict[str, Any]
    picked: territory_search.Picked = field(default_factory=territory_search.Picked)

    def errors_beside(self, errors: dict[str, str]) -> dict[str, str]:
        """Return the errors of a page; those of names of territories replace those of their codes."""
        if self.picked.error or self.picked.code:
            errors.pop("applicant.code", None)
        if self.picked.error:
            errors["territory"] = self.picked.error
        if self.answers.get("communes_error"):
            errors.pop("applicant.communes", None)
            errors["communes"] = self.answers["communes_error"]
        return errors


def _step(name: str) -> Step:
    if name not in BY_NAME:
        raise NotFound
    return BY_NAME[name]


async def _save(context: DraftContext, page: _Page) -> None:
    async with context.database.transaction(context.cause) as tx:
        await save_draft(tx, context.draft.id, page.answers, at=clock.now())


def _read_page(context: DraftContext, step: Step, form: Form[Typed]) -> _Page:
    """Read what a page asked for out of its form; names of territories become codes."""
    before = context.draft.answers
    values = {name: value if name in SEVERAL else _last(value) for name, value in form.values.items()}
    if step.name == "collectivite":
        changed = values.get("applicant.kind") != before.get("applicant.kind")
        forgotten = {"territory": "", "applicant.code": "", "lead_departement": ""} if changed else {}
        return _Page({"applicant.kind": values.get("applicant.kind", ""), **forgotten})
    if step.name == "territoire":
        return _read_territory(context, values)
    return _Page({name: values.get(name, "") for name in step.fields})


def _read_territory(context: DraftContext, values: dict[str, Any]) -> _Page:
    """Read the territory: communes by name, one of a list, or one that was searched."""
    territories, before = context.parts.territories, context.draft.answers
    kind = applicant_kind(before)
    if kind is None:
        return _Page({})
    if kind is ApplicantKind.PRIORITY:
        typed = values.get("communes", "")
        codes, error = territory_search.communes_of(territories, typed)
        return _Page(
            {
                "applicant.name": values.get("applicant.name", ""),
                "communes": typed,
                "applicant.communes": codes,
                "communes_error": error,
                "lead_departement": "",
            }
        )
    if kind in choices.LISTED:
        return _Page({"applicant.code": values.get("applicant.code", ""), "lead_departement": ""})
    picked = territory_search.pick(
        territories,
        kind,
        typed=values.get("territory", ""),
        code=values.get("territory_code", ""),
        choice=values.get("choice", ""),
        searched=values.get("searched", ""),
    )
    answers = {"territory": picked.name or values.get("territory", ""), "applicant.code": picked.code}
    changed = {"lead_departement": ""} if picked.code != before.get("applicant.code") else {}
    return _Page({**answers, **changed}, picked)


def _last(value: Any) -> str:
    """Return the last value of a field that was sent several times."""
    return str(value[-1]) if isinstance(value, list) else str(value)


async def _file(context: DraftContext) -> Response[Any]:
    """File the draft as it was last saved; pressing twice files once, and a limit leaves it as it is."""
    reading = context.read()
    checked = reading.checked
    if checked is None:
        return shown.summary(context, reading, status_code=400)
    quota = context.parts.limits.filing(context.filer, checked.filed.contact.email)
    try:
        async with context.database.transaction(context.cause) as tx:
            await file_draft(tx, context.draft.id, checked, at=clock.now(), quota=quota)
    except LimitReached as refusal:
        page = shown.summary(context, reading, status_code=429, refused=refusal.detail)
        page.headers.update(problem_of(refusal).headers)
        return page
    return redirect(context.address(FILED))


beginning = Router("/", route_handlers=[begin, begin_for_another, begin_by_address, saving_script])
routes = Router(
    "/",
    route_handlers=[resume, ask, answer, save_meanwhile],
    dependencies=BY_DRAFT,
    exception_handlers={DraftGone: draft_gone},
    opt={PUBLIC: True, **AUTHORIZED_BY_LINK},
)
