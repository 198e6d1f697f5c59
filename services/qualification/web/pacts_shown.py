"""Template data shared by the page, the printout and the PDF of a pact, and rows of the forms of pacts."""

from collections.abc import Mapping, Sequence
from datetime import date
from textwrap import shorten
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Template

from services.qualification.reads.pact import document_of
from services.qualification.reads.pact_views import PactText, PactView, SignatureView, VersionView
from services.qualification.web.pacts_words import ACTION_STATUS, FIELD_LABELS, PACT_STATE, PARTY_KIND
from shared import clock
from shared.calendar import today
from shared.db import Reader
from shared.errors import NotFound
from shared.web.forms import Form
from shared.web.pages import render
from shared.web.pdf import as_pdf, pdf_of_page

TEXTS: Final = frozenset(
    {"title", "name", "email", "indicator", "budget_cents", "amount_cents", "other", "comment", "summary", "function"}
)
"""Fields in which people type what should not be lost."""
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
        "work": view.work,
        "work_state": (view.work.state_label, PACT_STATE[view.work.state][1]),
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


async def pact_as_pdf(request: Request[Any, Any, Any], database: Reader, view: PactView) -> Response[bytes]:
    """Return the pact as a document: in force as it was signed, to sign as it was put to signature, else as it stands.

    Pages, API and the parties' links give the same.
    """
    for version in view.versions:
        if version.number == view.number and version.state in {"to_sign", "in_force"}:
            signed = version.state == "in_force"
            document = await document_of(database, view.id, version.number, signed=signed)
            if document is not None:
                return as_pdf(document, name=_file(view, version.number))
    return as_pdf(await pdf_of_page(request, draft(request, view)), name=_file(view, view.number))


async def version_as_pdf(
    request: Request[Any, Any, Any], database: Reader, view: PactView, number: int, *, signed: bool | None = None
) -> Response[bytes]:
    """Return a version exactly as it was signed, or as it was put to signature; `NotFound` without that document.

    With `signed` left out, all signatures are on it if it has them all.
    """
    version = next((each for each in view.versions if each.number == number), None)
    if version is None:
        raise NotFound
    if signed is None:
        signed = version.signed_on is not None
    document = await document_of(database, view.id, number, signed=signed)
    if document is None and signed and version.signed_on and version.text:
        document = await paper(request, version.text, version)  # signed before documents were kept
    if document is None:
        raise NotFound
    return as_pdf(document, name=_file(view, number))


def draft(request: Request[Any, Any, Any], view: PactView) -> Template:
    """Show the version that is prepared, or in force, as a document."""
    text = PactText(
        number=view.number,
        title=view.title,
        departement=view.departement,
        parties=view.parties,
        diagnosis=view.diagnosis,
        agreed_on=view.agreed_on,
        actions=view.actions,
        budget_cents=view.budget_cents,
        ready_at=view.ready_at,
    )
    signed_on = next((each.signed_on for each in view.versions if each.number == view.number), view.signed_on)
    return _document(request, text, view.signatures, signed_on=signed_on, pact=view)


async def paper(request: Request[Any, Any, Any], text: PactText, version: VersionView | None) -> bytes:
    """Print a version: to be signed, or with all its signatures."""
    signatures = version.signatures if version else []
    signed_on, sha256 = (version.signed_on, version.sha256) if version else (None, None)
    page = _document(request, text, signatures, signed_on=signed_on, sha256=sha256, blank=version is None)
    return await pdf_of_page(request, page)


def _document(
    request: Request[Any, Any, Any],
    text: PactText,
    signatures: Sequence[SignatureView],
    *,
    signed_on: date | None,
    sha256: str | None = None,
    pact: PactView | None = None,
    blank: bool = False,
) -> Template:
    return render(
        request,
        "pacts/print.html",
        text=text,
        signed={each.party_id: each for each in signatures},
        signed_on=signed_on,
        sha256=sha256,
        pact=pact,
        blank=blank,
        kinds=PARTY_KIND,
        statuses=ACTION_STATUS,
        today=today(text.departement, clock.now()),
    )


def _file(view: PactView, number: int) -> str:
    return f"pacte-{view.opened_at:%Y-%m-%d}-v{number}"


def rows_of(values: Mapping[str, Any], name: str, *, spare: int, least: int) -> int:
    """Return how many rows of a form to show: those that are filled in, and some to spare."""
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


def typed_texts(form: Form[Any], within: str) -> list[tuple[str, str]]:
    """Return what was typed into a form that is no longer offered, with what its fields are called."""
    found = []
    for name, value in form.values.items():
        path, _, member = name.rpartition(".")
        if (path == within or path.startswith(f"{within}.")) and member in TEXTS and value:
            found.append((FIELD_LABELS[member], "\n".join(value) if isinstance(value, list) else str(value)))
    return found
