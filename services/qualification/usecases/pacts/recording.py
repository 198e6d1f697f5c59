"""What agents and parties both do with a pact: keep what a party said, tell it, and send links for what comes next."""

from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.pact import Pact, Speaker
from services.qualification.domain.pact_plan import PlannedAction, Status
from services.qualification.store import pacts
from shared.contracts.fact import A_MOMENT, Actor
from shared.db import Transaction
from shared.messaging import journal


async def agreement(tx: Transaction, pact: Pact, who: Speaker, party: str, on: date | None, at: datetime) -> None:
    """Keep and tell that a party agreed."""
    side, actor, fact = pact.agree(who, party, on, at)
    await pacts.save(tx, pact)
    await pacts.add_agreement(tx, pact, side, by=actor, at=at)
    await journal.record(tx, fact)


async def signature(tx: Transaction, pact: Pact, who: Speaker, party: str, on: date | None, at: datetime) -> None:
    """Keep and tell that a party signed; once all did, each is sent its link to tell how its actions go."""
    side, actor, fact = pact.sign(who, party, on, at)
    await pacts.save(tx, pact)
    await pacts.add_signature(tx, pact, side, by=actor, at=at)
    await journal.record(tx, fact)
    if fact.complete:
        await invite_others(tx, pact, by=actor, at=at + A_MOMENT)


async def progress(
    tx: Transaction,
    pact: Pact,
    who: Speaker,
    action_id: UUID,
    *,
    percent: int | None,
    status: Status | None,
    comment: str | None,
    at: datetime,
) -> PlannedAction:
    """Keep and tell how far an action is."""
    action, actor, fact = pact.report(who, action_id, percent, status, at)
    await pacts.add_progress(tx, action, comment, by=actor, at=at)
    await journal.record(tx, fact)
    return action


async def invite_others(tx: Transaction, pact: Pact, *, by: Actor, at: datetime) -> None:
    """Send their link to all parties whose address is known."""
    for party, fact in pact.invite_others(by, at):
        await pacts.save_link(tx, party)
        await journal.record(tx, fact)
