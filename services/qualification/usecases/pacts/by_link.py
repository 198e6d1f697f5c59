"""What a party does itself by its link, without an account: agree, sign, tell how its actions go."""

from datetime import datetime
from uuid import UUID

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_plan import PlannedAction, Status
from services.qualification.domain.people import PartyLink, Representative
from services.qualification.store import pacts
from services.qualification.usecases.pacts import recording
from shared.db import Transaction
from shared.errors import NotFound
from shared.messaging import journal


async def agree_by_link(tx: Transaction, link: PartyLink, *, name: str, at: datetime) -> Pact:
    """The party agrees the diagnosis on the table, by the voice of whoever gives his name."""
    pact, who, at = await _begin(tx, link, name, at)
    await recording.agreement(tx, pact, who, str(link.party_id), None, at)
    return pact


async def sign_by_link(tx: Transaction, link: PartyLink, *, name: str, at: datetime) -> Pact:
    """The party signs the pact, by the voice of whoever gives his name."""
    pact, who, at = await _begin(tx, link, name, at)
    await recording.signature(tx, pact, who, str(link.party_id), None, at)
    return pact


async def report_by_link(
    tx: Transaction,
    link: PartyLink,
    action_id: UUID,
    *,
    name: str,
    percent: int | None,
    status: Status | None,
    comment: str | None,
    at: datetime,
) -> PlannedAction:
    """The party tells how far an action is that it owns or takes part in (`AnotherPartysAction`)."""
    pact, who, at = await _begin(tx, link, name, at)
    return await recording.progress(tx, pact, who, action_id, percent=percent, status=status, comment=comment, at=at)


async def _begin(tx: Transaction, link: PartyLink, name: str, at: datetime) -> tuple[Pact, Representative, datetime]:
    """Lock the pact to which the link leads; a link that was replaced leads nowhere (`NotFound`)."""
    pact = await pacts.load_by_link(tx, link.party_id, link.generation)
    if pact is None:
        raise NotFound
    return pact, Representative(link.party_id, name.strip()), await journal.in_time(tx, pact.source, pact.id, at)
