"""The acknowledgement of a request as a document to keep; pages and API give the same."""

from typing import Any
from uuid import UUID

from litestar import Request, Response

from services.intake.directory import Directory
from services.intake.reads import tracking as reads
from services.intake.web.pages.tracking_words import View
from shared.db import Database
from shared.limits import Quota
from shared.territory.territories import Territories
from shared.web.pages import render
from shared.web.paper import on_paper
from shared.web.secrets import private


async def acknowledgement(
    request: Request[Any, Any, Any],
    database: Database,
    directory: Directory,
    territories: Territories,
    request_id: UUID,
    quota: Quota,
) -> Response[bytes]:
    """Give it as a PDF; it says what was true when the request was filed, and who has it in charge now.

    Refuses with `LimitReached` when `quota` is used up.
    """
    async with database.transaction() as tx:
        await quota.take(tx)
    tracking = await reads.tracking(database, request_id)
    view = View(tracking, directory.service(tracking.departement), territories)
    page = render(request, "tracking/acknowledgement.html", tracking=tracking, view=view, office=view.office)
    return private(await on_paper(request, page, name=f"accuse-de-reception-{tracking.number}"))
