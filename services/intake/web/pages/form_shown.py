"""How the form is shown: a question, the summary, and what was filed."""

from typing import Any

from litestar import Request, Response
from litestar.response import Template

from services.intake.directory import Directory
from services.intake.reads import tracking as reads
from services.intake.store.drafts import Draft
from services.intake.web.pages import answers as reading
from services.intake.web.pages import choices
from services.intake.web.pages.answers import STEPS, SUMMARY, Reading, Step
from services.intake.web.secrets import private
from services.intake.web.tokens import Tokens
from shared import clock
from shared.calendar import time_zone
from shared.contracts.fact import Actor
from shared.db import Database
from shared.errors import NotFound
from shared.territory.territories import Territories
from shared.web.pages import redirect, render

Asked = Request[Any, Any, Any]


def question(
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
    filed_by: Actor | None = None,
) -> Response[Any]:
    """Show one question with what was typed; lead back where it depends on another that has no answer."""
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
        stitches=_stitches(draft, read, step.stitch),
        values=values,
        errors=errors or {},
        offered=offered or [],
        labels=choices.LABELS,
        filed_by=filed_by,
        choices=choices.Choices(territories, values, read),
        today=clock.now().astimezone(zone).date(),
    )
    return private(page)


def _previous(draft: str, step: Step, read: Reading) -> str:
    names = [one.name for one in STEPS if one.name != "departement" or reading.must_choose(read.found)]
    place = names.index(step.name) if step.name in names else len(names)
    return f"/demande/{draft}/{names[place - 1]}" if place else "/"


def _stitches(draft: str, read: Reading, here: str) -> list[dict[str, str]]:
    """Make the stepper: sewn where it is done, open where something is missing."""
    items = []
    for stitch in reading.groups(STEPS):
        steps = [step for step in STEPS if step.stitch == stitch]
        state = "current" if stitch == here else "done" if all(read.is_done(step) for step in steps) else "todo"
        items.append({"label": stitch, "href": f"/demande/{draft}/{steps[0].name}", "state": state})
    state = "current" if here == SUMMARY else "todo"
    return [*items, {"label": "Récapitulatif", "href": f"/demande/{draft}/{SUMMARY}", "state": state}]


def summary(
    request: Asked,
    draft: str,
    held: Draft,
    read: Reading,
    territories: Territories,
    *,
    status_code: int = 200,
) -> Template:
    """Show all that will be filed, and what is still wanting."""
    wanting = [step for step in STEPS if not read.is_right(step)]
    page = render(
        request,
        "form/recapitulatif.html",
        status_code=status_code,
        draft=draft,
        address=f"/demande/{draft}/{SUMMARY}",
        previous=f"/demande/{draft}/{STEPS[-1].name}",
        stitches=_stitches(draft, read, SUMMARY),
        wanting=[(step.question, f"/demande/{draft}/{step.name}") for step in wanting],
        sections=choices.summary(territories, held.answers, read),
        filed_by=held.filed_by,
        ready=read.filed is not None,
    )
    return private(page)


async def confirmation(
    request: Asked, database: Database, tokens: Tokens, directory: Directory, held: Draft
) -> Template:
    """Say what was filed and what comes next.

    A link that was revoked since is not shown, nor is any to an agent who filed for a collectivité: it is the
    applicant's alone.
    """
    if held.request_id is None:
        raise NotFound
    tracking = await reads.tracking(database, held.request_id)
    page = render(
        request,
        "form/deposee.html",
        tracking=tracking,
        office=tracking.service or directory.service(tracking.departement),
        tracking_url=tokens.tracking_url(tracking.id) if tracking.link_generation == 1 and not held.filed_by else None,
        filed_by=held.filed_by,
    )
    return private(page)
