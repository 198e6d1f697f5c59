"""Render the pages of the form: a question, the summary and the confirmation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from litestar import Response
from litestar.response import Template

from services.intake.domain.colleagues import Holder
from services.intake.reads.tracking import tracking
from services.intake.usecases.filing import local_day
from services.intake.web.documents import ACCEPTED
from services.intake.web.pages import choices
from services.intake.web.pages.answers import STEPS, SUMMARY, Reading, Step
from services.intake.web.pages.draft import DraftContext
from shared import clock
from shared.contracts.intake import Document
from shared.documents import LARGEST_REQUEST
from shared.errors import FieldError, NotFound
from shared.web.pages import redirect, render
from shared.web.secret_links import private


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a page that is shown again, under which status, and which territories it offers."""

    errors: Mapping[str, str] | Sequence[FieldError]
    status: int = 400
    offered: Sequence[tuple[str, str]] = ()


def question(
    context: DraftContext,
    step: Step,
    reading: Reading,
    *,
    wrong: Wrong | None = None,
    documents: list[Document] | None = None,
) -> Response[Any]:
    """Show one question with what was typed; lead back where it depends on another that has no answer."""
    if step.name == "territoire" and reading.applicant_kind is None:
        return redirect(context.address(STEPS[0].name))
    if step.name == "precisions" and reading.request_kind is None:
        return redirect(context.address("besoin"))
    values = {"territory_code": reading.values.get("applicant.code", ""), **reading.values}
    if step.name == "departement":
        values["lead_departement"] = values.get("lead_departement") or reading.natural_departement
    previous = reading.before(step)
    page = render(
        context.request,
        f"form/{step.name}.html",
        status_code=wrong.status if wrong else 200,
        draft=context,
        filed_by=context.draft.filed_by,
        question=step.question,
        address=context.address(step.name),
        previous=context.address(previous) if previous else "/",
        groups=_groups(context, reading, step.group),
        values=values,
        errors=wrong.errors if wrong else {},
        offered=wrong.offered if wrong else (),
        labels=choices.LABELS,
        documents=context.documents if documents is None else documents,
        accepted=ACCEPTED,
        most=LARGEST_REQUEST,
        choices=choices.Choices(context.parts.territories, reading),
        today=local_day(reading.found, clock.now()),
    )
    return private(page)


def _groups(context: DraftContext, reading: Reading, here: str) -> list[dict[str, str]]:
    """Make the stepper: done, or to do where something is missing."""
    items = []
    for group in dict.fromkeys(step.group for step in STEPS):
        steps = [step for step in STEPS if step.group == group]
        state = "current" if group == here else "done" if all(map(reading.is_done, steps)) else "todo"
        items.append({"label": group, "href": context.address(steps[0].name), "state": state})
    state = "current" if here == SUMMARY else "todo"
    return [*items, {"label": "Récapitulatif", "href": context.address(SUMMARY), "state": state}]


def summary(context: DraftContext, reading: Reading, *, status_code: int = 200, refused: str = "") -> Template:
    """Show all that will be filed, what is still wanting, and why filing was `refused`."""
    wanting = [step for step in STEPS if not reading.is_right(step)]
    page = render(
        context.request,
        "form/recapitulatif.html",
        status_code=status_code,
        draft=context,
        filed_by=context.draft.filed_by,
        address=context.address(SUMMARY),
        previous=context.address(STEPS[-1].name),
        groups=_groups(context, reading, SUMMARY),
        wanting=[(step.question, context.address(step.name)) for step in wanting],
        sections=choices.summary(context.parts.territories, reading, context.documents),
        ready=reading.checked is not None,
        refused=refused,
    )
    return private(page)


async def confirmation(context: DraftContext) -> Template:
    """Show what was filed and what comes next.

    A link that was revoked since is not shown, nor is any to an agent who filed for a collectivité: it is the
    applicant's alone.
    """
    draft, parts = context.draft, context.parts
    if draft.request_id is None:
        raise NotFound
    filed = await tracking(context.database, Holder(draft.request_id, generation=1), parts.tokens)
    page = render(
        context.request,
        "form/deposee.html",
        tracking=filed,
        office=filed.service or parts.directory.service(filed.departement),
        shows_link=filed.link_generation == 1 and not draft.filed_by,
        filed_by=draft.filed_by,
    )
    return private(page)
