"""Collect waiting mails of a reader in a daily or weekly digest."""

from datetime import datetime
from itertools import groupby
from typing import Any

from services.notifications.domain.audiences import DIGEST
from services.notifications.domain.deliveries import Status
from services.notifications.store.deliveries import NewDelivery, add_delivery, alone, due_for_digest, gather
from services.notifications.usecases.parts import Parts
from shared import clock
from shared.db import Transaction

_GATHERING = 1


async def gather_digests(tx: Transaction, *, at: datetime, parts: Parts) -> int:
    """Make the digests that are due, one per reader; return how many. Several copies may try: one does it."""
    if not await alone(tx, _GATHERING):
        return 0
    waiting = await due_for_digest(tx, at=at)
    made = 0
    for _, group in groupby(waiting, key=lambda mail: (mail["recipient"], mail["audience"])):
        await _gather(tx, list(group), at=at, parts=parts)
        made += 1
    return made


async def _gather(tx: Transaction, mails: list[dict[str, Any]], *, at: datetime, parts: Parts) -> None:
    first = mails[0]
    departements = {mail["departement"] for mail in mails}
    departement = departements.pop() if len(departements) == 1 else None
    kind = {"national": "escalations", "programme": "escalations", "operator": "notifications"}.get(
        first["audience"], "cases"
    )
    context = {"mails": mails, "cadence": first["cadence"], "preferences": parts.links.preferences}
    rendered = parts.renderer.write(DIGEST, context, link=parts.links.open(kind, ""))
    digest_id = clock.new_id()
    digest = NewDelivery(
        id=digest_id,
        event_id=digest_id,
        event_type=DIGEST,
        event_at=at,
        departement=departement,
        audience=first["audience"],
        template=DIGEST,
        holder=first["holder"],
        recipient=first["recipient"],
        subject=rendered.subject,
        text_body=rendered.text,
        html_body=rendered.html,
        link_kind=kind,
        link_target="",
        status=Status.QUEUED,
        next_attempt_at=at,
        created_at=at,
    )
    await add_delivery(tx, digest)
    await gather(tx, digest_id, [mail["id"] for mail in mails])
