"""The pages that ask once more: before an answer is validated, and before a colleague's case is taken."""

from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.qualification.domain.moves import Action
from services.qualification.web import words as pages_words
from services.qualification.web.actions import VALIDATION
from services.qualification.web.context import AgentContext
from services.qualification.web.pages.case import CASE, envelope_left, led_back, page_of
from shared import clock
from shared.web.actions import Refused, page_routes
from shared.web.pages import render


@get("/demandes/{request_id:uuid}/validation")
async def ask_before_validation(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show the proposal once more, and what its validation does."""
    return await _show_validation(context, request_id)


@get("/demandes/{request_id:uuid}/affectation")
async def ask_before_taking(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[Any]:
    """Ask before a case is taken from the colleague who has it."""
    view = await page_of(context, context.database, request_id)
    if Action.ASSIGNMENT not in view.case.allowed_actions or view.case.assignee is None:
        return led_back(context, view)
    return render(context.request, "cases/taking.html", view=view, case=view.case, seen_at=clock.now().isoformat())


async def _show_validation(context: AgentContext, request_id: UUID, *, refused: Refused | None = None) -> Response[Any]:
    view = await page_of(context, context.database, request_id)
    if Action.VALIDATION not in view.case.allowed_actions or view.case.proposal is None:
        return await CASE.show(context, request_id, refused=refused) if refused else led_back(context, view)
    return render(
        context.request,
        "cases/validation.html",
        status_code=refused.status if refused else 200,
        view=view,
        case=view.case,
        proposed_at=view.case.proposal.at.isoformat(),
        envelope_left=await envelope_left(context, context.database, view.case),
        action=VALIDATION,
        consequence=pages_words.EFFECTS[view.case.proposal.outcome],
        errors=refused.form.errors if refused else {},
    )


VALIDATING: Final = replace(CASE, show=_show_validation)

ROUTES = (ask_before_validation, ask_before_taking, *page_routes(VALIDATING, [VALIDATION]))
