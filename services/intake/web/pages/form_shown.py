"""How the form is shown: a question, the summary, and what was filed."""

from collections.abc import Mapping, Sequence
from typing import Any

from litestar import Request, Response
from litestar.response import Template

from services.intake.directory import Directory
from services.intake.reads import tracking as reads
from services.intake.web.documents import ACCEPTED
from services.intake.web.pages import answers as reading
from services.intake.web.pages import choices
from services.intake.web.pages.answers import STEPS, SUMMARY, Reading, Step
from services.intake.web.pages.draft import OpenDraft
from shared import clock
from shared.calendar import time_zone
from shared.contracts.intake import Document
from shared.documents import LARGEST_REQUEST
from shared.errors import FieldError, NotFound
from shared.web.pages import redirect, render
from shared.web.secrets import private

Asked = Request[Any, Any, Any]


def question(
    request: Asked,
    draft: OpenDraft,
    step: Step,
    typed: Mapping[str, Any],
    *,
    errors: Mapping[str, str] | Sequence[FieldError] | None = None,
    status_code: int = 400,
    offered: list[tuple[str, str]] | None = None,
    documents: list[Document] | None = None,
) -> Response[Any]:
    """Show one question with what was saved and `typed`; lead back where it depends on another that has no answer.

    With `errors` it is shown again, under `status_code`.
    """
    values: dict[str, Any] = {**draft.held.answers, **typed}
    if step.name == "territoire" and reading.kind_of_applicant(values) is None:
        return redirect(draft.address(STEPS[0].name))
    if step.name == "precisions" and reading.kind_of_request(values) is None:
        return redirect(draft.address("besoin"))
    read = draft.read(typed)
    zone = time_zone(read.found.departement if read.found else "75")
    values.setdefault("territory_code", values.get("applicant.code", ""))
    if step.name == "departement" and read.found and reading.has_default_departement(read.found):
        values["lead_departement"] = values.get("lead_departement") or read.found.departement
    page = render(
        request,
        f"form/{step.name}.html",
        status_code=status_code if errors else 200,
        question=step.question,
        address=draft.address(step.name),
        resume=f"{draft.tokens.address}/demande/{draft.token}",
        kept_days=draft.kept_days,
        previous=_previous(draft, step, read),
        stitches=_stitches(draft, read, step.stitch),
        values=values,
        errors=errors or {},
        offered=offered or [],
        labels=choices.LABELS,
        filed_by=draft.held.filed_by,
        documents=draft.documents if documents is None else documents,
        accepted=ACCEPTED,
        most=LARGEST_REQUEST,
        choices=choices.Choices(draft.territories, values, read),
        today=clock.now().astimezone(zone).date(),
    )
    return private(page)


def _previous(draft: OpenDraft, step: Step, read: Reading) -> str:
    names = [one.name for one in STEPS if one.name != "departement" or reading.must_choose(read.found)]
    place = names.index(step.name) if step.name in names else len(names)
    return draft.address(names[place - 1]) if place else "/"


def _stitches(draft: OpenDraft, read: Reading, here: str) -> list[dict[str, str]]:
    """Make the stepper: sewn where it is done, open where something is missing."""
    items = []
    for stitch in reading.groups(STEPS):
        steps = [step for step in STEPS if step.stitch == stitch]
        state = "current" if stitch == here else "done" if all(read.is_done(step) for step in steps) else "todo"
        items.append({"label": stitch, "href": draft.address(steps[0].name), "state": state})
    state = "current" if here == SUMMARY else "todo"
    return [*items, {"label": "Récapitulatif", "href": draft.address(SUMMARY), "state": state}]


def summary(request: Asked, draft: OpenDraft, *, status_code: int = 200, refused: str = "") -> Template:
    """Show all that will be filed, what is still wanting, and why filing was `refused`."""
    read = draft.read()
    wanting = [step for step in STEPS if not read.is_right(step)]
    page = render(
        request,
        "form/recapitulatif.html",
        status_code=status_code,
        draft=draft.token,
        address=draft.address(SUMMARY),
        previous=draft.address(STEPS[-1].name),
        stitches=_stitches(draft, read, SUMMARY),
        wanting=[(step.question, draft.address(step.name)) for step in wanting],
        sections=choices.summary(draft.territories, draft.held.answers, read, draft.documents),
        filed_by=draft.held.filed_by,
        ready=read.filed is not None,
        refused=refused,
        resume=f"{draft.tokens.address}/demande/{draft.token}",
        kept_days=draft.kept_days,
    )
    return private(page)


async def confirmation(request: Asked, draft: OpenDraft, directory: Directory) -> Template:
    """Say what was filed and what comes next.

    A link that was revoked since is not shown, nor is any to an agent who filed for a collectivité: it is the
    applicant's alone.
    """
    if draft.held.request_id is None:
        raise NotFound
    tracking = await reads.tracking(draft.database, draft.held.request_id)
    shows_link = tracking.link_generation == 1 and not draft.held.filed_by
    page = render(
        request,
        "form/deposee.html",
        tracking=tracking,
        office=tracking.service or directory.service(tracking.departement),
        tracking_url=draft.tokens.tracking_url(tracking.id) if shows_link else None,
        filed_by=draft.held.filed_by,
    )
    return private(page)
