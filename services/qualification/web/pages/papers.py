"""What agents take from a case as files: the letters, the whole dossier as PDF, and with its documents as ZIP."""

from uuid import UUID

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template

from services.qualification.reads import case as reads
from services.qualification.web import words as pages_words
from services.qualification.web.context import AgentContext
from services.qualification.web.pages.case import CasePage, page_of
from shared.errors import NotFound
from shared.web.letters import letter_pdf
from shared.web.pages import render
from shared.web.pdf import as_pdf, render_pdf


@get("/demandes/{request_id:uuid}/impression")
async def print_case(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Template:
    """Show one case as a document for A4, without internal notes; the consultation is traced."""
    return _paper(context, await page_of(context, context.database, request_id), notes=False)


@get("/demandes/{request_id:uuid}/dossier.pdf")
async def show_dossier(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Response[bytes]:
    """Return the service's whole dossier as a PDF, with its internal notes; the consultation is traced."""
    return await dossier(context, request_id)


@get("/demandes/{request_id:uuid}/dossier.zip")
async def save_archive(request_id: FromPath[UUID], context: NamedDependency[AgentContext]) -> Redirect:
    """Send an agent to the dossier with its documents; who opened them is recorded."""
    return await context.open_dossier(request_id)


@get("/demandes/{request_id:uuid}/courriers/{letter_id:uuid}")
async def show_letter(
    request_id: FromPath[UUID], letter_id: FromPath[UUID], context: NamedDependency[AgentContext]
) -> Response[bytes]:
    """Return a letter of the département as a PDF; the consultation is traced."""
    return await letter(context, request_id, letter_id)


async def letter(context: AgentContext, request_id: UUID, letter_id: UUID) -> Response[bytes]:
    """Return a letter, the same that the applicant gets; `NotFound` when the case has none of this identifier."""
    case = await context.case(context.database, request_id)
    written = (await reads.letters(context.database, case)).get(letter_id)
    if written is None:
        raise NotFound
    return as_pdf(await letter_pdf(written), name=written.file_name)


async def dossier(context: AgentContext, request_id: UUID) -> Response[bytes]:
    """Return the service's whole dossier as a PDF, with its internal notes."""
    view = await page_of(context, context.database, request_id)
    return await render_pdf(context.request, _paper(context, view, notes=True), name=f"dossier-{view.case.number}")


def _paper(context: AgentContext, view: CasePage, *, notes: bool) -> Template:
    return render(
        context.request,
        "cases/print.html",
        view=view,
        case=view.case,
        notes=view.notes if notes else [],
        marks=pages_words.MARKS,
        today=context.today,
    )


ROUTES = (print_case, show_dossier, save_archive, show_letter)
