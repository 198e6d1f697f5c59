"""The acknowledgement of a request as a PDF, for pages and API."""

from litestar import Response

from services.intake.reads.tracking import tracking
from services.intake.web.context import HolderContext
from services.intake.web.pages.tracking_view import TrackingView
from shared.web.pages import render
from shared.web.pdf import render_pdf
from shared.web.secret_links import private


async def acknowledgement(context: HolderContext) -> Response[bytes]:
    """Return the acknowledgement as a PDF: the request as it was filed, and who has it in charge now.

    Refuses with `LimitReached` when it was asked for too often.
    """
    parts = context.parts
    async with context.database.transaction() as tx:
        await parts.limits.pdf(context.caller, context.request_id).take(tx)
    found = await tracking(context.database, context.holder, parts.tokens)
    view = TrackingView(found, parts.directory.service(found.departement), parts.territories)
    page = render(context.request, "tracking/acknowledgement.html", tracking=found, view=view, office=view.office)
    return private(await render_pdf(context.request, page, name=f"accuse-de-reception-{found.number}"))
