"""Add a document to a request."""

from services.intake.store import documents
from services.intake.usecases.context import Context, load
from services.intake.usecases.recording import record
from shared.contracts.intake import Document


async def add_document(do: Context, document: Document, *, with_request: bool = False) -> None:
    """Add a file, whose bytes are on the disk already, to a request; `with_request` when it was filed with it.

    Refuses with `FileTooLarge`, `RequestTooLarge`, `TooManyFiles` and `IllegalMove`.
    """
    do, tracked = await load(do)
    beside = await documents.stored(do.tx, tracked.id)
    added = document.model_copy(update={"added_at": do.at})
    await record(do.tx, tracked, tracked.add_document(added, beside=beside, at=do.at, with_request=with_request))
