"""Steps of a pact shared by agents and parties: agree, sign, report progress; and sending the links afterwards."""

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import AwareDatetime
from pydantic import Field as Bounds

from services.qualification.domain.inputs import Comment, Short
from services.qualification.domain.pact import Pact, Signatory, Speaker
from services.qualification.domain.pact_plan import Status
from services.qualification.store import pacts
from services.qualification.usecases.context import Paper
from services.qualification.usecases.pacts import freezing
from shared.commands import Command
from shared.contracts.fact import A_MOMENT, Fact
from shared.db import Transaction


class ReportProgress(Command):
    """How far an action is; of `percent` and `status`, one follows from the other when it is not given."""

    action_id: UUID
    percent: int | None = Bounds(default=None, ge=0, le=100)
    status: Status | None = None
    comment: Comment | None = None


class Signing(Command):
    """Who signs, besides their name, and what they saw.

    `authority` is by what they may bind the party: their office, a deliberation, a delegation. `ready_at` is that of
    the plan which they read: a signature of another one is refused (`Outdated`).
    """

    function: Short | None = None
    authority: Short | None = None
    ready_at: AwareDatetime | None = None


async def agreement(
    tx: Transaction, pact: Pact, who: Speaker, party: str, on: date | None, at: datetime, *, seen: int | None
) -> Sequence[Fact]:
    """Store that a party agreed."""
    side, actor, fact = pact.agree(who, party, on, at, seen=seen)
    await pacts.add_agreement(tx, pact, side, by=actor, at=at)
    return [fact]


async def signature(
    tx: Transaction,
    pact: Pact,
    who: Speaker,
    party: str,
    on: date | None,
    at: datetime,
    *,
    signing: Signing,
    name: str | None,
    paper: Paper,
) -> Sequence[Fact]:
    """Store that a party signed; once all did, each is sent its link to report the progress of its actions."""
    signatory = Signatory(name, signing.function, signing.authority)
    side, actor, fact = pact.sign(who, party, on, at, seen=signing.ready_at, signatory=signatory)
    await pacts.add_signature(tx, pact, side, signatory, by=actor, at=at)
    if not fact.complete:
        return [fact]
    invited = pact.invite_others(actor, at + A_MOMENT)
    sha256 = await freezing.keep_signed(tx, pact, paper)
    return [fact.model_copy(update={"sha256": sha256}), *invited]


async def progress(tx: Transaction, pact: Pact, who: Speaker, report: ReportProgress, at: datetime) -> Sequence[Fact]:
    """Store how far an action is."""
    action, actor, fact = pact.report(who, report.action_id, report.percent, report.status, at)
    await pacts.add_progress(tx, action, report.comment, by=actor, at=at)
    return [fact]
