"""What an applicant can keep as files: acknowledgement, letters, the whole dossier as PDF and as ZIP; pages and API."""

from uuid import UUID

from litestar import Response
from litestar.response import Stream

from services.intake.domain.colleagues import Holder
from services.intake.reads.tracking import LetterView, TrackedView, tracking
from services.intake.web.context import HolderContext, VisitorContext
from services.intake.web.pages.tracking_view import TrackingView
from shared import clock
from shared.calendar import today
from shared.errors import NotFound
from shared.letters import About, acknowledgement_letter, answer_letter
from shared.web.archives import Entry, archive_response, safe_name
from shared.web.letters import letter_pdf
from shared.web.pages import render
from shared.web.pdf import as_pdf, pdf_of_page
from shared.web.secret_links import private


async def acknowledgement(context: HolderContext) -> Response[bytes]:
    """Return the acknowledgement as a PDF: the request as it was filed, and who has it in charge now.

    Refuses with `LimitReached` when such files were asked for too often, as do the others.
    """
    found = await _found(context)
    view = _view(context, found)
    letter = acknowledgement_letter(
        found.request,
        departement=found.departement,
        service=view.office,
        communes=view.communes,
        documents=tuple(found.filed_documents),
    )
    return private(as_pdf(await letter_pdf(letter), name=letter.file_name))


async def letter(context: HolderContext, letter_id: UUID) -> Response[bytes]:
    """Return a letter of the département as a PDF; refuses with `NotFound`."""
    found = await _found(context)
    for one in found.letters:
        if one.id == letter_id:
            return private(as_pdf(await _letter_pdf(found, one), name=_letter_name(found, one)))
    raise NotFound


async def dossier(context: HolderContext) -> Response[bytes]:
    """Return the whole request as a PDF: what was filed, messages, timeline, decision, and the names of documents."""
    found = await _found(context)
    return private(as_pdf(await _dossier_pdf(context, found), name=_dossier_name(found)))


async def archive(context: HolderContext) -> Stream:
    """Return the whole request as a ZIP: its PDF, the letters and the documents."""
    return private(await _archive(context, await _found(context)))


async def archive_for_agent(context: VisitorContext, request_id: UUID) -> Stream:
    """Return the same to an agent whom another service authorised: the request as its applicant sees it."""
    found = await tracking(context.database, Holder(request_id), context.parts.tokens)
    return private(await _archive(context, found))


async def _found(context: HolderContext) -> TrackedView:
    """Count one more file, and return the request."""
    async with context.database.transaction() as tx:
        await context.parts.limits.pdf(context.caller, context.request_id).take(tx)
    return await tracking(context.database, context.holder, context.parts.tokens)


async def _archive(context: VisitorContext, found: TrackedView) -> Stream:
    letters = [
        Entry(f"courriers/{place:02}-{_letter_name(found, one)}.pdf", await _letter_pdf(found, one))
        for place, one in enumerate(found.letters, 1)
    ]
    documents = [
        Entry(f"documents/{place:02}-{safe_name(one.name)}", context.parts.files.locate(one.id))
        for place, one in enumerate(found.documents, 1)
    ]
    name = _dossier_name(found)
    return archive_response([Entry(f"{name}.pdf", await _dossier_pdf(context, found)), *letters, *documents], name=name)


async def _dossier_pdf(context: VisitorContext, found: TrackedView) -> bytes:
    page = render(
        context.request,
        "tracking/print.html",
        tracking=found,
        view=_view(context, found),
        today=today(found.departement, clock.now()),
    )
    return await pdf_of_page(context.request, page)


def _view(context: VisitorContext, found: TrackedView) -> TrackingView:
    parts = context.parts
    return TrackingView(found, parts.directory.service(found.departement), parts.territories, impersonal=True)


async def _letter_pdf(found: TrackedView, one: LetterView) -> bytes:
    return await letter_pdf(answer_letter(one.answer, About.of(found.request)))


def _letter_name(found: TrackedView, one: LetterView) -> str:
    return answer_letter(one.answer, About.of(found.request)).file_name


def _dossier_name(found: TrackedView) -> str:
    return f"dossier-{found.number}"
