"""Template data shared by the page, the printout and the PDF of a pact, and rows of the forms of pacts."""

from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any, Final

from litestar import Request, Response

from services.qualification.reads.pact_views import PactView
from services.qualification.web.pacts_words import ACTION_STATUS, PACT_STATE, PARTY_KIND
from shared import clock
from shared.calendar import today
from shared.web.pages import render
from shared.web.pdf import render_pdf

LABEL: Final = 36
"""Characters of a label that a bar has room for on the narrowest screen."""


def described(view: PactView) -> dict[str, Any]:
    """Return what screen and paper both say of a pact."""
    late = sum(action.overdue for action in view.actions)
    pursued = sum(action.status != "given_up" for action in view.actions)
    done = sum(action.status == "done" for action in view.actions)
    return {
        "pact": view,
        "state": (view.state_label, PACT_STATE[view.state][1]),
        "kinds": PARTY_KIND,
        "statuses": ACTION_STATUS,
        "late": late,
        "pursued": pursued,
        "done": done,
        "bars": [
            (shorten(action.title, LABEL, placeholder="…"), action.percent, f"{action.percent}\u00a0%")
            for action in view.actions
            if action.status != "given_up"
        ],
    }


async def pact_as_pdf(request: Request[Any, Any, Any], view: PactView) -> Response[bytes]:
    """Return the pact as a document to keep and to sign: pages, API and the parties' links give the same."""
    page = render(request, "pacts/print.html", today=today(view.departement, clock.now()), **described(view))
    return await render_pdf(request, page, name=f"pacte-{view.opened_at:%Y-%m-%d}")


def rows_of(values: Mapping[str, Any], name: str, *, spare: int, least: int) -> int:
    """Tell how many rows of a form to show: those that are filled in, and some to spare."""
    filled = {key.split(".")[1] for key in values if key.startswith(f"{name}.")}
    return max(len(filled) + spare, least)


def typed_rows(name: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return known rows as the fields of a form."""
    return {
        f"{name}.{place}.{member}": value
        for place, row in enumerate(rows)
        for member, value in row.items()
        if value is not None
    }
