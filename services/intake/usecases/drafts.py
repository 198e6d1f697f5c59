"""Drafts: begun, saved as often as one likes, and filed once however often the button is pressed."""

from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.store import drafts
from services.intake.usecases.file_request import file_request
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.contracts.forms import FiledRequest
from shared.db import Transaction
from shared.territory.territories import Territories


async def begin_draft(tx: Transaction, *, at: datetime, filed_by: Actor | None = None) -> UUID:
    """Begin an empty draft; `filed_by` is the agent who will file it for a collectivité."""
    draft_id = new_id()
    await drafts.add(tx, draft_id, answers={}, filed_by=filed_by, at=at)
    return draft_id


async def save_draft(tx: Transaction, draft_id: UUID, answers: dict[str, Any], *, at: datetime) -> None:
    """Keep what was typed, right or wrong; a draft that is filed no longer changes."""
    await drafts.save(tx, draft_id, answers, at=at)


async def file_draft(
    tx: Transaction, territories: Territories, draft_id: UUID, filed: FiledRequest, *, at: datetime
) -> UUID:
    """File what a draft says and give the request's id; a draft that was filed gives the request it became."""
    draft = await drafts.load(tx, draft_id, lock=True)
    if draft.request_id is not None:
        return draft.request_id
    made = await file_request(tx, territories, filed, at=at, filed_by=draft.filed_by)
    await drafts.settle(tx, draft_id, made.id, at=at)
    return made.id
