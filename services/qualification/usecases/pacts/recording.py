"""Steps of a pact shared by agents and parties: agree, sign, report progress; and sending the links afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import Field as Bounds

from services.qualification.domain.inputs import Comment
from services.qualification.domain.pact import Pact, Speaker
from services.qualification.domain.pact_plan import Status
from services.qualification.store import pacts
from shared.commands import Command
from shared.contracts.fact import A_MOMENT, Actor, Fact
from shared.db import Transaction


class ReportProgress(Command):
    """How far an action is; of `percent` and `status`, one follows from the other when it is not given."""

    action_id: UUID
    percent: int | None = Bounds(default=None, ge=0, le=100)
    status: Status | None = None
    comment: Comment | None = None


async def agreement(
    tx: Transaction, pact: Pact, who: Speaker, party: str, on: date | None, at: datetime
) -> Sequence[Fact]:
    """Store that a party agreed."""
    side, actor, fact = pact.agree(who, party, on, at)
    await pacts.add_agreement(tx, pact, side, by=actor, at=at)
    return [fact]


async def signature(
    tx: Transaction, pact: Pact, who: Speaker, party: str, on: date | None, at: datetime
) -> Sequence[Fact]:
    """Store that a party signed; once all did, each is sent its link to report the progress of its actions."""
    side, actor, fact = pact.sign(who, party, on, at)
    await pacts.add_signature(tx, pact, side, by=actor, at=at)
    return [fact, *(await invite_others(tx, pact, by=actor, at=at + A_MOMENT) if fact.complete else [])]


async def progress(tx: Transaction, pact: Pact, who: Speaker, report: ReportProgress, at: datetime) -> Sequence[Fact]:
    """Store how far an action is."""
    action, actor, fact = pact.report(who, report.action_id, report.percent, report.status, at)
    await pacts.add_progress(tx, action, report.comment, by=actor, at=at)
    return [fact]


async def invite_others(tx: Transaction, pact: Pact, *, by: Actor, at: datetime) -> Sequence[Fact]:
    """Renew the links of all parties whose address is known; give the facts that send them."""
    invited = pact.invite_others(by, at)
    for party, _ in invited:
        await pacts.save_link(tx, party)
    return [fact for _, fact in invited]
