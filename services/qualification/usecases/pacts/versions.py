"""Use cases of an agent on the versions of a pact: ready to sign, back to work, another version, given up."""

from collections.abc import Sequence
from datetime import datetime

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.rules import Rules
from services.qualification.reads.pact import text_of_work
from services.qualification.reads.pact_views import as_content
from services.qualification.store import pacts
from services.qualification.usecases.context import Context
from services.qualification.usecases.pacts import freezing
from services.qualification.usecases.pacts.context import changes_pact
from shared.commands import Nothing
from shared.contracts.fact import A_MOMENT, Fact
from shared.db import Transaction
from shared.messaging import journal


@changes_pact
async def make_ready(do: Context, pact: Pact, _: Nothing) -> Sequence[Fact]:
    """Declare that the plan is ready: it is frozen, and each party is asked to sign it."""
    actor, fact = pact.make_ready(do.who, do.at)
    sha256 = await freezing.freeze(do.tx, pact, do.paper)
    await pacts.ask_to_sign(do.tx, pact, do.at)
    asked = pact.invite_others(actor, do.at + A_MOMENT)
    return [fact.model_copy(update={"sha256": sha256}), *asked]


@changes_pact
async def reopen(do: Context, pact: Pact, _: Nothing) -> Sequence[Fact]:
    """Take the plan back to work, before anybody signed it; whoever was asked to sign gets a mail."""
    actor, fact = pact.reopen(do.who, do.at)
    return [fact, *pact.invite_others(actor, do.at + A_MOMENT, "reopened")]


@changes_pact
async def start_version(do: Context, pact: Pact, _: Nothing) -> Sequence[Fact]:
    """Prepare another version; the one in force goes on until all have signed the next."""
    before, amends = pact.number, pact.stage is PactState.SIGNED
    content = as_content(await text_of_work(do.tx, pact.id))
    actor, fact = pact.start_version(do.who, do.at)
    await pacts.save(do.tx, pact)
    await pacts.keep_content(do.tx, pact.id, before, content)
    await pacts.keep_signatures(do.tx, pact.id, before)
    await pacts.clear_signatures(do.tx, pact.id)
    return [fact, *([] if amends else pact.invite_others(actor, do.at + A_MOMENT, "restarted"))]


@changes_pact
async def give_up(do: Context, pact: Pact, _: Nothing) -> Sequence[Fact]:
    """Give up an amendment that nobody signed; whoever was asked to sign it gets a mail."""
    asked, dropped = pact.ready_at is not None, pact.number
    facts = pact.give_up(do.who, do.at)
    last = facts[-1]
    await pacts.restore_plan(do.tx, pact, dropped, by=last.by, at=do.at)
    return [*facts, *(pact.invite_others(last.by, last.at + A_MOMENT, "given_up") if asked else [])]


async def remind_to_sign(tx: Transaction, *, at: datetime, rules: Rules, limit: int = 50) -> int:
    """Remind the parties that were asked to sign some time ago and have not; return how many."""
    before, most = rules.asked_before(at), rules.signature_reminders
    found = await pacts.load_to_remind(tx, before, most=most, limit=limit)
    for pact, party in found:
        await pacts.note_reminder(tx, party, at)
        await journal.record(tx, pact.remind(party, await journal.in_time(tx, pact.source, pact.id, at)))
    return len(found)
