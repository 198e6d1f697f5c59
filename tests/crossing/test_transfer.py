"""A request that crosses a transfer between two instances of qualification: nothing of intake's stream is lost."""

from collections.abc import Callable
from random import Random
from typing import Final
from uuid import UUID

import pytest

from services.intake import handlers as intake_handlers
from services.intake.domain.colleagues import Holder
from services.intake.usecases import filing, messages, withdrawal
from services.intake.usecases.context import Context
from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers, subscription
from shared import clock
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.qualification import Dossier, RequestTransferred
from shared.db import Database
from shared.messaging import journal
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.messaging.messenger import Messenger
from shared.messaging.recovery.gaps import RecoveryPolicy
from shared.territory.territories import Territories
from tests.crossing.world import DIRECTED, ESCALATED, SCHEDULED, World
from tests.polling import eventually
from tests.qualification.life import NATIONAL, a_request
from tests.rebuilt import FreshDatabases

SOON = RecoveryPolicy(before_asking=0.1, longest=1.0, heads_every=0.3)


@pytest.mark.parametrize("what", ["withdrawal", "message"])
async def test_what_crosses_a_transfer_reaches_the_new_departement(
    what: str, fresh_database: FreshDatabases, broker_url: Callable[[str], str]
) -> None:
    """Intake publishes it to the département that it knows; nothing follows that would show the gap to the new one."""
    front = await Database.connect((await fresh_database("intake")).app_url, name="intake")
    old = await Database.connect((await fresh_database("qualification")).app_url, name="95")
    new = await Database.connect((await fresh_database("qualification")).app_url, name="78")

    def instance(database: Database, code: str) -> Messenger:
        rules = Rules(departements=(code,))
        return Messenger(
            database,
            broker_url("qualification"),
            name="qualification",
            subscription=subscription(rules),
            handlers=handlers(rules),
            relay_poll=0.05,
            recovery_policy=SOON,
        )

    source = Messenger(
        front,
        broker_url("intake"),
        name="intake",
        subscription=intake_handlers.SUBSCRIPTION,
        handlers=intake_handlers.handlers(Territories.load(searchable=False)),
        relay_poll=0.05,
        recovery_policy=SOON,
    )
    left, right = instance(old, "95"), instance(new, "78")
    async with source.lifespan(), left.lifespan(), right.lifespan():

        async def all_listen() -> bool:
            return all(messenger.consumer.started for messenger in (source, left, right))

        await eventually(all_listen, within=30)
        submitted = intake.RequestSubmitted(request_id=new_id(), departement="95", at=clock.now(), request=a_request())
        request_id, applicant = submitted.request_id, Holder(submitted.request_id, generation=1)
        async with front.transaction() as tx:
            await filing.store_submitted(tx, submitted, event_id=await journal.record(tx, submitted))

        async def registered() -> bool:
            status: str = await front.fetchval("SELECT status FROM request WHERE id = $1", request_id)
            return status == "registered"

        await eventually(registered, within=30)
        async with front.transaction() as tx, old.transaction() as there:
            # Neither has heard of the other's act: the transfer is committed while the applicant acts.
            if what == "withdrawal":
                await withdrawal.withdraw(Context(tx, applicant, clock.now()), withdrawal.Withdraw(motive="Abandonné."))
            else:
                await messages.post_message(Context(tx, applicant, clock.now()), messages.PostMessage(text="Bonjour."))
            await there.execute("UPDATE case_file SET state = 'transferred' WHERE request_id = $1", request_id)
            await journal.record(there, _transfer(request_id, submitted.request))

        async def arrived() -> bool:
            if what == "message":
                return bool(await new.fetchval("SELECT count(*) FROM case_message WHERE request_id = $1", request_id))
            state = await new.fetchval("SELECT state FROM case_file WHERE request_id = $1", request_id)
            shown = await front.fetchrow("SELECT status, withdrawal FROM request WHERE id = $1", request_id)
            assert shown is not None
            accepted = shown["withdrawal"]["state"] == "accepted"
            return (state, shown["status"], accepted) == ("withdrawn", "withdrawn", True)

        await eventually(arrived, within=60)
    for database in (front, old, new):
        await database.close()


CROSSINGS: Final = {
    # what crosses → what is known when the département proposes the transfer, what crosses, the table that has it
    "intake.message_posted.v1": (("examines", "writes"), (), "writes", "case_message"),
    "intake.document_added.v1": (("examines", "joins"), (), "joins", "case_document"),
    "intake.information_provided.v1": (
        ("examines", "asks", "completes", "asks"),
        ("examines",),
        "completes",
        "case_message",
    ),
}


@pytest.mark.parametrize("instances", [1, 2])
@pytest.mark.parametrize("what", CROSSINGS)
async def test_what_is_applied_before_the_new_case_is_open_is_in_it_once(
    world: World, fresh_database: FreshDatabases, what: str, instances: int
) -> None:
    """The transfer is validated, then the applicant acts; that is applied first, and one more lies in the dossier."""
    before, unheard, act, table = CROSSINGS[what]
    request_id, rng = await world.files(), Random(what)  # noqa: S311 - it shuffles events
    for earlier in before:
        await world.settle(request_id, rng)
        assert await world.act(request_id, earlier), earlier
    await world.settle(request_id, rng)
    for crossing in (*unheard, "proposes a transfer", "validates", act):
        assert await world.act(request_id, crossing), crossing
    if instances == 1:
        new = world.databases["qualification"]
        await world.deliver(request_id, "qualification", "/intake")
        await world.settle(request_id, rng)
    else:
        new = await Database.connect((await fresh_database("qualification")).app_url, name="78")
        inbox = Inbox(new, handlers(Rules(departements=("78",))))
        await inbox.process(await published(world.databases["intake"], "intake.%"))
        await inbox.process(await published(world.databases["qualification"], "qualification.%_transferred.v1"))
    kept = await new.fetchval(
        f"SELECT count(*) FROM {table} WHERE request_id = $1 AND departement = '78'",
        request_id,
    )
    steps = await new.fetchval(
        "SELECT count(*) FROM case_step WHERE request_id = $1 AND departement = '78' AND type = $2", request_id, what
    )
    assert (kept, steps) == (2, 2)
    if instances == 2:
        await new.close()


@pytest.mark.parametrize(
    "earlier",
    [
        (*ESCALATED, "returns"),
        (*ESCALATED, *SCHEDULED, "decides returned"),
        (*ESCALATED, "questions", "answers", "returns"),
        (*DIRECTED, "sends back"),
    ],
    ids=lambda acts: acts[-1] if "questions" not in acts else "questions",
)
async def test_what_came_back_to_an_earlier_departement_reopens_no_later_case(
    world: World, fresh_database: FreshDatabases, earlier: tuple[str, ...]
) -> None:
    """The new instance misses what the national team published before the transfer, and has it resent."""
    request_id, rng = await world.files(), Random("return")  # noqa: S311 - it shuffles events
    for act in (*earlier, "proposes a transfer", "validates"):
        await world.settle(request_id, rng)
        assert await world.act(request_id, act), act
    new = await Database.connect((await fresh_database("qualification")).app_url, name="78")
    inbox = Inbox(new, handlers(Rules(departements=("78",))))
    await inbox.process(await published(world.databases["qualification"], "qualification.%_transferred.v1"))
    there = World({**world.databases, "qualification": new}, world.territories)
    for act in ("examines", "proposes an escalation", "validates"):
        assert await there.act(request_id, act), act
    await inbox.process(await published(world.databases["escalation"], "escalation.%"))
    while (listener := ("escalation", "/qualification/78")) in await there.waiting(request_id):
        await there.deliver(request_id, *listener)
    national = await world.databases["escalation"].fetchrow("SELECT departement, state FROM escalation")
    assert tuple(national or ()) == ("78", "received")
    case = await new.fetchrow("SELECT state, question FROM case_file")
    assert tuple(case or ()) == ("escalated", None)
    assert await new.fetchval("SELECT count(*) FROM inbox_held") == 0
    await new.close()


async def published(database: Database, types: str) -> list[Message]:
    """Give what a service published of such types."""
    rows = await database.fetch("SELECT body, routing_key FROM journal WHERE type LIKE $1 ORDER BY position", types)
    return [Message(row["body"].encode(), row["routing_key"]) for row in rows]


def _transfer(request_id: UUID, request: intake.Request) -> RequestTransferred:
    return RequestTransferred(
        request_id=request_id,
        departement="78",
        from_departement="95",
        at=clock.now(),
        motive="Le projet est dans les Yvelines.",
        by=NATIONAL,
        dossier=Dossier(request=request),
    )
