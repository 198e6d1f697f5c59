"""What happened to a request."""

from typing import Any
from urllib.parse import quote

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery

from shared.errors import Refusal
from shared.operations import journals
from shared.operations.reach import Reach
from shared.operations.web import words
from shared.operations.web.pages.acting import READERS, away_words
from shared.web.pages import redirect, render
from shared.web.problems import status_of


@get("/demandes", guards=[READERS])
async def find_request(request: Request[Any, Any, Any], numero: FromQuery[str | None] = None) -> Response[Any]:
    """Ask for a request's number or id, and go there."""
    if numero and numero.strip():
        return redirect(f"/demandes/{quote(numero.strip(), safe='')}")
    return render(request, "operations/find.html", errors={})


@get("/demandes/{reference:str}", guards=[READERS])
async def one_request(
    request: Request[Any, Any, Any], reference: FromPath[str], reach: NamedDependency[Reach]
) -> Response[Any]:
    """Show one request's events across the services, in order."""
    try:
        trail = await journals.trail(reach, reference)
    except Refusal as refusal:
        errors = {error.field: error.message for error in getattr(refusal, "errors", ())} or {"": refusal.detail}
        shown = {"": " ".join(errors.values())}
        return render(request, "operations/find.html", status_code=status_of(refusal), errors=shown)
    return render(
        request,
        "operations/request.html",
        trail=trail,
        reference=reference,
        away=away_words(trail.away),
        stitches=[words.stitch(event) for event in trail.events],
    )
