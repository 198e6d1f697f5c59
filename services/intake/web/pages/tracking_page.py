"""Render the tracking page: timeline, team in charge, next action, and the forms of allowed actions."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

from litestar.response import Template

from services.intake.reads.tracking import tracking
from services.intake.web.context import HolderContext
from services.intake.web.documents import ACCEPTED
from services.intake.web.pages.tracking_view import TrackingView
from shared import clock
from shared.calendar import today
from shared.documents import LARGEST_REQUEST
from shared.web.actions import Action, offered
from shared.web.forms import Form
from shared.web.pages import render
from shared.web.secret_links import private

LABELS: Final = {
    "text": "Message",
    "informations.text": "Informations",
    "avancement.text": "Où en est le projet",
    "avancement.percent": "Avancement",
    "avancement.milestone_id": "Jalon",
    "piece": "Document",
    "understood": "Retrait",
    "need_met": "Besoin",
    "progress": "Avancement",
    "satisfaction": "Satisfaction",
    "motive": "Motif",
    "document": "Document",
    "name": "Nom du collègue",
    "email": "Adresse électronique",
}
"""What the summary of errors calls each field of the page's forms."""


async def tracking_page(
    context: HolderContext,
    actions: Sequence[Action] = (),
    *,
    form: Form[Any] | None = None,
    status_code: int = 400,
    template: str = "tracking/show.html",
) -> Template:
    """Show the page with the forms of the `actions` that are allowed; a form that was refused, as it was typed."""
    parts = context.parts
    found = await tracking(context.database, context.holder, parts.tokens)
    page = render(
        context.request,
        template,
        status_code=status_code if form else 200,
        address=f"/suivi/{context.token}",
        tracking=found,
        view=TrackingView(found, parts.directory.service(found.departement), parts.territories),
        offered=defaultdict[str, Action | None](
            lambda: None, {one.name: one for one in offered(actions, found.allowed_actions)}
        ),
        accepted=ACCEPTED,
        most=LARGEST_REQUEST,
        values=form.values if form else {},
        errors=form.errors if form else {},
        labels=LABELS,
        today=today(found.departement, clock.now()),
    )
    return private(page)
