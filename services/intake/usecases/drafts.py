"""Start, save and file a draft with its documents; a draft is filed only once."""

from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from services.intake.store import draft_documents, drafts
from services.intake.usecases.filing import Checked, Origin, file_request
from services.intake.usecases.limits import DraftsFull
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.contracts.intake import Document
from shared.db import Transaction
from shared.documents import Stored, find_room
from shared.errors import Conflict
from shared.limits import UNLIMITED, Quota

log = structlog.get_logger(__name__)


class AlreadyFiled(Conflict):
    """The draft was filed meanwhile, in another window perhaps."""

    code = "already_filed"
    title = "The draft was filed already"
    sentence = "Cette demande est déjà déposée. Ajoutez vos documents depuis sa page de suivi."


async def begin_draft(
    tx: Transaction, *, at: datetime, filed_by: Actor | None = None, quota: Quota = UNLIMITED
) -> UUID:
    """Begin an empty draft; `filed_by` is the agent who will file it for a collectivité.

    Refuses with `LimitReached`.
    """
    await quota.take(tx)
    draft_id = new_id()
    await drafts.add(tx, draft_id, answers={}, filed_by=filed_by, at=at)
    return draft_id


async def save_draft(tx: Transaction, draft_id: UUID, answers: dict[str, Any], *, at: datetime) -> None:
    """Store what was typed, right or wrong; a draft that is filed no longer changes."""
    await drafts.save(tx, draft_id, answers, at=at)


async def join_document(
    tx: Transaction, draft_id: UUID, document: Document, *, quota: Quota = UNLIMITED, all_drafts: int = 0
) -> None:
    """Join a file, whose bytes lie on the disk already; bounded as those of a request are.

    `all_drafts` is how many bytes the files of all drafts may have together; 0: any number.

    Refuses with `AlreadyFiled`, `FileTooLarge`, `RequestTooLarge`, `TooManyFiles`, `LimitReached` and `DraftsFull`.
    """
    draft = await drafts.load(tx, draft_id, lock=True)
    if draft.request_id is not None:
        raise AlreadyFiled
    joined = await draft_documents.of_draft(tx, draft_id)
    find_room(document.size, beside=Stored(len(joined), sum(one.size for one in joined)))
    await quota.take(tx)
    if all_drafts and await draft_documents.lock_total_size(tx) + document.size > all_drafts:
        log.warning("drafts.full", most=all_drafts)
        raise DraftsFull
    await draft_documents.add(tx, draft_id, document)


async def leave_out(tx: Transaction, draft_id: UUID, document_id: UUID) -> bool:
    """Take a document out of a draft that is not filed; return whether it was there. Its bytes are the caller's."""
    draft = await drafts.load(tx, draft_id, lock=True)
    return draft.request_id is None and await draft_documents.remove(tx, draft_id, document_id)


async def file_draft(
    tx: Transaction, draft_id: UUID, checked: Checked, *, at: datetime, quota: Quota = UNLIMITED
) -> UUID:
    """File what a draft says, with its documents, and give the request's id; filed again, it gives the same.

    Refuses with `LimitReached`; the draft is as it was.
    """
    draft = await drafts.load(tx, draft_id, lock=True)
    if draft.request_id is not None:
        return draft.request_id
    documents = await draft_documents.hand_over(tx, draft_id)
    origin = Origin(filed_by=draft.filed_by, trusted=draft.filed_by is not None)
    filed = await file_request(tx, checked, at=at, origin=origin, documents=documents, quota=quota)
    await drafts.settle(tx, draft_id, filed.id, at=at)
    return filed.id
