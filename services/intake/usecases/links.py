"""Send requested tracking links; on use, a new link revokes the old one and a mailed link confirms the address."""

from datetime import datetime

import structlog

from services.intake.domain.request import Action
from services.intake.store import colleagues, requests
from services.intake.usecases.context import Context, load
from services.intake.usecases.limits import Limits
from services.intake.usecases.recording import SOURCE, record
from shared import clock
from shared.db import AWAY, Cause, Database, Transaction, retry_conflicts
from shared.limits import LimitReached
from shared.messaging import journal

log = structlog.get_logger(__name__)


async def send_wanted_links(database: Database, limits: Limits, cause: Cause | None = None) -> None:
    """Send the new links that somebody asked for, each in a transaction of its own; after they were answered."""

    async def send_next() -> bool:
        async with database.transaction(cause) as tx:
            return await send_wanted_link(tx, limits, at=clock.now())

    try:
        while await retry_conflicts(send_next):
            pass
    except AWAY as away:  # a later round sends them
        log.warning("links.wait", error=type(away).__name__)


async def send_wanted_link(tx: Transaction, limits: Limits, *, at: datetime) -> bool:
    """Look up one new link that somebody asked for (`requests.want_link`); return False when there is none.

    If number and address belong together, a new link is sent; the old one stays valid until the new one is used. This
    happens after the answer, which therefore takes as long for a request that does not exist. What is above the limit
    of the contact's address is dropped: who asks again later gets it.
    """
    wanted = await requests.take_wanted_link(tx)
    if wanted is None:
        return False
    number, email_digest = wanted
    tracked = await requests.find_by_number(tx, number)
    if tracked is None or limits.digest(tracked.filed.contact.email) != email_digest:
        return True
    confirmed = tracked.filed.number if tracked.contact_confirmed_at else None
    try:
        await limits.link_mail(tracked.filed.contact.email, confirmed=confirmed).take(tx)
    except LimitReached:  # counted alone, so that the refusal has written nothing
        return True
    await record(tx, tracked, tracked.replace_link(at=await journal.in_time(tx, SOURCE, tracked.id, at)))
    return True


async def note_link_used(do: Context) -> None:
    """Note that the contact's link was used: the newest revokes the one before, a mailed one confirms the address.

    Invitations that waited for the confirmation are published once; those of a request that is over are dropped.
    """
    do, tracked = await load(do)
    tracked.use_link(do.holder.generation)
    await requests.save(do.tx, tracked)
    if not do.holder.by_mail or tracked.contact_confirmed_at is not None:
        return
    await requests.confirm_contact(do.tx, tracked.id, at=do.at)
    for one in await colleagues.take_waiting(do.tx, tracked.id):
        if Action.COLLEAGUES in tracked.allowed_actions:
            at = await journal.in_time(do.tx, SOURCE, tracked.id, do.at)
            fact = tracked.invite(colleague_id=one.id, name=one.name, email=one.email, invited=(), at=at)
            await record(do.tx, tracked, fact)
