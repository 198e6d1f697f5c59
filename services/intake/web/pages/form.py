"""The form by which a collectivité files: one question a page, a draft that is always saved, one request at the end."""

from pathlib import Path
from typing import Any, Final
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from services.intake.directory import Directory
from services.intake.reads import tracking as reads
from services.intake.store import drafts
from services.intake.usecases.drafts import begin_draft, file_draft, save_draft
from services.intake.web.pages import answers as reading
from services.intake.web.pages import choices, picker
from services.intake.web.pages.answers import BY_NAME, STEPS, SUMMARY, Reading, Step, Typed
from services.intake.web.secrets import private
from services.intake.web.tokens import Tokens
from shared import clock
from shared.calendar import time_zone
from shared.contracts.vocabulary import ApplicantKind
from shared.db import Cause, Database, Transaction
from shared.errors import NotFound
from shared.territory.territories import Territories
from shared.web.forms import Form, read_form, submit_once
from shared.web.pages import redirect, render

FILED: Final = "deposee"
SCRIPT: Final = Path(__file__).parents[1] / "static" / "draft.js"

Asked = Request[Any, Any, Any]


@post("/demande", public=True)
async def begin(
    request: Asked, database: NamedDependency[Database], cause: NamedDependency[Cause], tokens: NamedDependency[Tokens]
) -> Redirect:
    """Begin a draft and go to its first question."""

    async def act(tx: Transaction) -> str:
        return str(await begin_draft(tx, at=clock.now()))  # its id: the secret link is kept nowhere

    begun = await submit_once(database, await read_form(request, Typed), act, cause=cause)
    return redirect(f"/demande/{tokens.drafts.token(UUID(begun.url))}/{STEPS[0].name}")


@get("/demande", public=True)
async def begin_by_address() -> Redirect:
    """Whoever types the address is told first what it is about."""
    return redirect("/")


@get("/demande/brouillon.js", public=True, sync_to_thread=False)
def saving_script() -> Response[bytes]:
    """Give the script that saves what is being typed; without it, each step saves."""
    return Response(SCRIPT.read_bytes(), media_type="text/javascript", headers={"Cache-Control": "max-age=3600"})


@get("/demande/{draft:str}", public=True)
async def resume(
    draft: FromPath[str],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    territories: NamedDependency[Territories],
) -> Redirect:
    """Go to the first question that still wants an answer."""
    held = await _draft(database, tokens, draft)
    if held.request_id is not None:
        return redirect(f"/demande/{draft}/{FILED}")
    read = reading.read(territories, held.answers, at=clock.now())
    wanting = next((step.name for step in STEPS if not read.is_done(step)), SUMMARY)
    return redirect(f"/demande/{draft}/{wanting}")


@get("/demande/{draft:str}/{name:str}", public=True)
async def ask(
    request: Asked,
    draft: FromPath[str],
    name: FromPath[str],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    territories: NamedDependency[Territories],
    directory: NamedDependency[Directory],
) -> Response[Any]:
    """Show one question, the summary, or what was filed."""
    held = await _draft(database, tokens, draft)
    if held.request_id is not None:
        if name == FILED:
            return await _confirmation(request, database, tokens, directory, held.request_id)
        return redirect(f"/demande/{draft}/{FILED}")
    read = reading.read(territories, held.answers, at=clock.now())
    if name == SUMMARY:
        return _summary(request, draft, held.answers, read, territories)
    step = _step(name)
    if step.name == "departement" and not reading.must_choose(read.found):
        return redirect(f"/demande/{draft}/contact")
    return _question(request, draft, step, dict(held.answers), read, territories, tokens)


@post("/demande/{draft:str}/{name:str}", public=True)
async def answer(
    request: Asked,
    draft: FromPath[str],
    name: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    territories: NamedDependency[Territories],
) -> Response[Any]:
    """Save what was typed, right or wrong, and go on when it is right."""
    held = await _draft(database, tokens, draft)
    if held.request_id is not None:
        return redirect(f"/demande/{draft}/{FILED}")
    form = await read_form(request, Typed)
    if name == SUMMARY:
        return await _file(request, draft, held, database, cause, territories)
    step = _step(name)
    typed, picked = _typed(step, form, held.answers, territories)
    async with database.transaction(cause) as tx:
        await save_draft(tx, held.id, typed, at=clock.now())
    given = {**held.answers, **typed}
    read = reading.read(territories, given, at=clock.now())
    errors = {**read.errors_of(step), **({"territory": picked.error} if picked and picked.error else {})}
    if picked and (picked.error or picked.code):
        errors.pop("applicant.code", None)
    if step.name == "territoire" and typed.get("communes_error"):
        errors["communes"] = str(typed["communes_error"])
        errors.pop("applicant.communes", None)
    if form.errors:
        errors |= form.errors
    if errors:
        offered = picked.choices if picked else []
        return _question(request, draft, step, given, read, territories, tokens, errors=errors, offered=offered)
    return redirect(f"/demande/{draft}/{reading.step_after(step.name, read.found)}")


@post("/demande/{draft:str}/{name:str}/brouillon", public=True, status_code=204)
async def save_meanwhile(
    request: Asked,
    draft: FromPath[str],
    name: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    territories: NamedDependency[Territories],
) -> None:
    """Save what is being typed, without a word."""
    held = await _draft(database, tokens, draft)
    form = await read_form(request, Typed)
    if held.request_id is None and not form.errors:
        typed, _ = _typed(_step(name), form, held.answers, territories)
        async with database.transaction(cause) as tx:
            await save_draft(tx, held.id, typed, at=clock.now())


def _step(name: str) -> Step:
    if name not in BY_NAME:
        raise NotFound
    return BY_NAME[name]


async def _draft(database: Database, tokens: Tokens, token: str) -> drafts.Draft:
    read = tokens.drafts.read(token)
    if read is None:
        raise NotFound
    return await drafts.load(database, read[0])


def _typed(
    step: Step, form: Form[Typed], before: reading.Answers, territories: Territories
) -> tuple[dict[str, Any], picker.Picked | None]:
    """Take what a page asked for out of its form; names of territories become codes."""
    values = form.values
    if step.name == "collectivite":
        changed = values.get("applicant.kind") != before.get("applicant.kind")
        forgotten = {"territory": "", "applicant.code": "", "lead_departement": ""} if changed else {}
        return {"applicant.kind": values.get("applicant.kind", ""), **forgotten}, None
    if step.name != "territoire":
        return {field: values.get(field, "") for field in choices.names_of(step)}, None
    kind = reading.kind_of_applicant(before)
    if kind is ApplicantKind.PRIORITY:
        typed = str(values.get("communes", ""))
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
        typed=str(values.get("territory", "")),
        code=str(values.get("territory_code", "")),
        choice=str(values.get("choice", "")),
        searched=str(values.get("searched", "")),
    )
    told = {"territory": picked.name or values.get("territory", ""), "applicant.code": picked.code}
    if picked.code != before.get("applicant.code"):
        told["lead_departement"] = ""
    return told, picked


def _question(
    request: Asked,
    draft: str,
    step: Step,
    values: dict[str, Any],
    read: Reading,
    territories: Territories,
    tokens: Tokens,
    *,
    errors: dict[str, str] | None = None,
    offered: list[tuple[str, str]] | None = None,
) -> Response[Any]:
    if step.name == "territoire" and reading.kind_of_applicant(values) is None:
        return redirect(f"/demande/{draft}/{STEPS[0].name}")
    if step.name == "precisions" and reading.kind_of_request(values) is None:
        return redirect(f"/demande/{draft}/besoin")
    zone = time_zone(read.found.departement if read.found else "75")
    values.setdefault("territory_code", values.get("applicant.code", ""))
    if step.name == "departement" and read.found and reading.has_default_departement(read.found):
        values["lead_departement"] = values.get("lead_departement") or read.found.departement
    page = render(
        request,
        f"form/{step.name}.html",
        status_code=400 if errors else 200,
        question=step.question,
        address=f"/demande/{draft}/{step.name}",
        resume=f"{tokens.address}/demande/{draft}",
        previous=_previous(draft, step, read),
        stitches=_thread(draft, read, step.stitch),
        values=values,
        errors=errors or {},
        offered=offered or [],
        labels=choices.LABELS,
        choices=choices.Choices(territories, values, read),
        today=clock.now().astimezone(zone).date(),
    )
    return private(page)


def _previous(draft: str, step: Step, read: Reading) -> str:
    names = [one.name for one in STEPS if one.name != "departement" or reading.must_choose(read.found)]
    place = names.index(step.name) if step.name in names else len(names)
    return f"/demande/{draft}/{names[place - 1]}" if place else "/"


def _thread(draft: str, read: Reading, here: str) -> list[dict[str, str]]:
    """Make the stepper: sewn where it is done, open where something is missing."""
    items = []
    for stitch in reading.groups(STEPS):
        steps = [step for step in STEPS if step.stitch == stitch]
        state = "current" if stitch == here else "done" if all(read.is_done(step) for step in steps) else "todo"
        items.append({"label": stitch, "href": f"/demande/{draft}/{steps[0].name}", "state": state})
    state = "current" if here == SUMMARY else "todo"
    return [*items, {"label": "Récapitulatif", "href": f"/demande/{draft}/{SUMMARY}", "state": state}]


def _summary(
    request: Asked,
    draft: str,
    values: reading.Answers,
    read: Reading,
    territories: Territories,
    *,
    status_code: int = 200,
) -> Template:
    wanting = [step for step in STEPS if not read.is_right(step)]
    page = render(
        request,
        "form/recapitulatif.html",
        status_code=status_code,
        draft=draft,
        address=f"/demande/{draft}/{SUMMARY}",
        previous=f"/demande/{draft}/{STEPS[-1].name}",
        stitches=_thread(draft, read, SUMMARY),
        wanting=[(step.question, f"/demande/{draft}/{step.name}") for step in wanting],
        sections=choices.summary(territories, values, read),
        ready=read.filed is not None,
    )
    return private(page)


async def _file(
    request: Asked,
    draft: str,
    held: drafts.Draft,
    database: Database,
    cause: Cause,
    territories: Territories,
) -> Response[Any]:
    """File the draft as it was last saved; pressing twice files once."""
    read = reading.read(territories, held.answers, at=clock.now())
    filed = read.filed
    if filed is None:
        return _summary(request, draft, held.answers, read, territories, status_code=400)

    async with database.transaction(cause) as tx:
        await file_draft(tx, territories, held.id, filed, at=clock.now())
    return redirect(f"/demande/{draft}/{FILED}")


async def _confirmation(
    request: Asked, database: Database, tokens: Tokens, directory: Directory, request_id: UUID
) -> Template:
    """Say what was filed and what comes next; a link that was revoked since is not shown."""
    tracking = await reads.tracking(database, request_id)
    page = render(
        request,
        "form/deposee.html",
        tracking=tracking,
        office=tracking.service or directory.service(tracking.departement),
        tracking_url=tokens.tracking_url(tracking.id) if tracking.link_generation == 1 else None,
    )
    return private(page)


routes = Router("/", route_handlers=[begin, begin_by_address, saving_script, resume, ask, answer, save_meanwhile])
