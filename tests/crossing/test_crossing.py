"""Whatever people do at the same time and whichever event arrives first, all services end in one agreed state."""

import asyncio
import os
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Final
from uuid import UUID

import pytest

from services.notifications.domain.audiences import STEPS
from services.qualification.usecases import orienting
from shared import clock
from tests.crossing.world import (
    ACTS,
    AMOUNT,
    DIRECTED,
    ESCALATED,
    EXAMINED,
    GRANTED,
    ORIENTED,
    RULES,
    SCHEDULED,
    SERVICES,
    SUPPORTED,
    World,
)
from tests.rebuilt import FreshDatabases, assert_it_shows_what_was_told

LIVES: Final = int(os.environ.get("CROSSING_LIVES", "24"))
"""Random lives in one test."""

ANSWERS: Final = {"accepted": "request_withdrawn", "declined": "withdrawal_declined"}
"""Answer to a request to withdraw → the applicant's mail."""

BEGINNINGS: Final = (EXAMINED, SUPPORTED[:-1], ORIENTED, DIRECTED, ESCALATED, (*ESCALATED, *SCHEDULED), GRANTED)


def seeded(name: str) -> Random:
    """Give the same random choices for the same name."""
    return Random(name)  # noqa: S311 - it shuffles events


async def state_of(world: World, request_id: UUID) -> str:
    """Say where the owner of the request's current step has it."""
    case = await world.databases["qualification"].fetchval(
        "SELECT state FROM case_file WHERE request_id = $1 ORDER BY state = 'transferred', opened_at DESC LIMIT 1",
        request_id,
    )
    national = world.databases["escalation"]
    if case == "escalated":
        return str(await national.fetchval("SELECT state FROM escalation WHERE request_id = $1", request_id))
    if case == "directed_to_programme":
        state = await national.fetchval("SELECT state FROM programme_request WHERE request_id = $1", request_id)
        return "directed_to_programme" if state in {"directed", "taken_up"} else str(state)
    return str(case)


async def assert_all_agree(world: World, request_id: UUID) -> str | None:
    """Compare what all services say of one request; give how the latest request to withdraw was answered."""
    shown = await world.databases["intake"].fetchrow("SELECT status, withdrawal FROM request WHERE id = $1", request_id)
    assert shown is not None
    assert shown["status"] == await state_of(world, request_id)
    rows = [
        row
        for database in world.databases.values()
        for row in await database.fetch(
            "SELECT type FROM journal WHERE subject = $1 AND type LIKE '%.withdrawal_%' ORDER BY position",
            str(request_id),
        )
    ]
    answers = [row["type"].split(".")[1].removeprefix("withdrawal_") for row in rows]
    asked = await world.databases["intake"].fetchval(
        "SELECT count(*) FROM journal WHERE subject = $1 AND type = 'intake.request_withdrawn.v1'", str(request_id)
    )
    assert len(answers) == asked, "each request to withdraw has exactly one answer"
    mails = await world.databases["notifications"].fetch(
        """
        SELECT template FROM delivery
        WHERE request_id = $1 AND audience = 'applicant' AND template = ANY($2) AND holder = 'person'
        """,
        request_id,
        [*ANSWERS.values(), "withdrawal_requested"],
    )
    told = Counter(row["template"] for row in mails)
    # A refusal that arrives after the acceptance of a later request to withdraw is mailed no more.
    assert told["request_withdrawn"] == answers.count("accepted")
    assert told["withdrawal_declined"] <= answers.count("declined")
    assert told["request_withdrawn"] or told["withdrawal_declined"] == answers.count("declined")
    latest = shown["withdrawal"]["state"] if shown["withdrawal"] else None
    assert (latest == "accepted") == (shown["status"] == "withdrawn")
    if latest is not None:
        assert latest in answers
    if latest == "accepted":
        await _assert_the_acceptance_is_the_last_step_that_was_mailed(world, request_id)
    await _assert_the_money_agrees(world, request_id, withdrawn=latest == "accepted")
    for name in SERVICES:
        held = await world.databases[name].fetch(
            "SELECT source, type, reason FROM inbox_held WHERE subject = $1", str(request_id)
        )
        assert not held, [dict(row) for row in held]
    return latest


async def _assert_the_acceptance_is_the_last_step_that_was_mailed(world: World, request_id: UUID) -> None:
    rows = await world.databases["notifications"].fetch(
        """
        SELECT event_type, created_at > (
            SELECT max(created_at) FROM delivery WHERE request_id = $1 AND event_type LIKE '%.withdrawal_accepted.v1'
        ) AS later
        FROM delivery
        WHERE request_id = $1
        """,
        request_id,
    )
    steps = {step.wire_type for step in STEPS}
    assert [row["event_type"] for row in rows if row["later"] and row["event_type"] in steps] == []


async def _assert_the_money_agrees(world: World, request_id: UUID, *, withdrawn: bool) -> None:
    committed = await world.databases["qualification"].fetchval(
        "SELECT coalesce(sum(amount_cents), 0) FROM envelope_commitment WHERE request_id = $1 AND released_at IS NULL",
        request_id,
    )
    supported = await state_of(world, request_id) == "supported_locally"
    assert committed == (AMOUNT if supported else 0)
    ordered = await world.databases["escalation"].fetchval(
        "SELECT coalesce(sum(committed_cents), 0) FROM mobilisation WHERE request_id = $1", request_id
    )
    assert not (withdrawn and ordered)
    for name, spent in (
        ("qualification", "SELECT sum(amount_cents) FROM envelope_commitment WHERE released_at IS NULL"),
        ("escalation", "SELECT sum(committed_cents) FROM mobilisation"),
    ):
        envelopes = await world.databases[name].fetchval("SELECT coalesce(sum(committed_cents), 0) FROM envelope")
        assert envelopes == (await world.databases[name].fetchval(spent) or 0), name


async def lead(world: World, request_id: UUID, *acts: str) -> None:
    """Let people act one after the other, each when everybody knows what came before."""
    rng = seeded("in order")
    for act in acts:
        await world.settle(request_id, rng)
        assert await world.act(request_id, act), act
    await world.settle(request_id, rng)


OFTEN: Final = [*ACTS, "withdraws", "withdraws", "validates", "accepts", "decides refused", "accompanies", "takes up"]
"""What people do at random; what may cross, more often."""


async def deliver_all_but_intake(world: World, request_id: UUID, rng: Random) -> None:
    """Let everything arrive but what the applicant did."""
    while waiting := [one for one in await world.waiting(request_id) if one[1] != "/intake"]:
        await world.deliver(request_id, *rng.choice(waiting))


CROSSINGS: Final = (
    # before the decision, the owner's act, how the request to withdraw is answered if the act comes first
    ((), "examines", "accepted"),
    (("examines",), "qualifies", "accepted"),
    (("examines",), "asks", "accepted"),
    (("examines", "asks"), "completes", "accepted"),
    (EXAMINED, "proposes support", "accepted"),
    (SUPPORTED[:-1], "rejects", "accepted"),
    (SUPPORTED[:-1], "validates", "accepted"),
    (ORIENTED[:-1], "validates", "accepted"),
    (DIRECTED[:-1], "validates", "accepted"),
    (ESCALATED[:-1], "validates", "accepted"),
    (("examines", "proposes a refusal"), "validates", "declined"),
    (("examines", "proposes a transfer"), "validates", "accepted"),
    (ESCALATED, "settles", "accepted"),
    (ESCALATED, "questions", "accepted"),
    ((*ESCALATED, "questions"), "answers", "accepted"),
    (ESCALATED, "returns", "accepted"),
    ((*ESCALATED, "settles"), "schedules", "accepted"),
    ((*ESCALATED, *SCHEDULED), "decides granted", "accepted"),
    ((*ESCALATED, *SCHEDULED), "decides granted_with_reserve", "accepted"),
    ((*ESCALATED, *SCHEDULED), "decides deferred", "accepted"),
    ((*ESCALATED, *SCHEDULED), "decides returned", "accepted"),
    ((*ESCALATED, *SCHEDULED), "decides refused", "declined"),
)


@pytest.mark.parametrize(("before", "act", "late"), CROSSINGS, ids=str)
async def test_a_request_to_withdraw_meets_an_act(world: World, before: Sequence[str], act: str, late: str) -> None:
    """Once the owner acts before it hears of the withdrawal, once after; all other events arrive in a random order."""
    rng = seeded(f"{before} {act}")
    late_one, early_one = await world.files(), await world.files()
    for request_id in (late_one, early_one):
        await lead(world, request_id, *before)
    if act == "completes":
        assert await world.act(late_one, act)
    assert await world.act(late_one, "withdraws")
    if act != "completes":
        assert await world.act(late_one, act)
    await world.settle(late_one, rng)
    assert await assert_all_agree(world, late_one) == late
    assert await world.act(early_one, "withdraws")
    await world.settle(early_one, rng)
    assert not await world.act(early_one, act), "what is withdrawn takes no act"
    assert await assert_all_agree(world, early_one) == "accepted"


@pytest.mark.parametrize(
    ("before", "acts", "expected"),
    [
        (ORIENTED[:-1], ("validates", "accepts"), "declined"),
        (ORIENTED[:-1], ("validates", "declines"), "accepted"),
        (DIRECTED[:-1], ("validates", "*", "takes up"), "declined"),
        (DIRECTED[:-1], ("validates", "*", "sends back"), "accepted"),
        (DIRECTED[:-1], ("validates", "*", "takes up", "sends back"), "accepted"),
        (DIRECTED[:-1], ("validates", "*", "takes up", "all", "sends back"), "declined"),
        (GRANTED[:-1], ("decides granted", "mobilises"), "accepted"),
        (GRANTED[:-1], ("decides granted", "orders"), "declined"),
        (GRANTED[:-1], ("decides granted", "mobilises", "accepts the mobilisation"), "declined"),
        (GRANTED[:-1], ("decides granted", "mobilises", "declines the mobilisation"), "accepted"),
        (GRANTED[:-1], ("decides granted", "accompanies"), "declined"),
        (ESCALATED, ("returns", "*", "proposes support", "validates"), "accepted"),
        (ESCALATED, ("returns", "*", "proposes an escalation", "validates"), "accepted"),
    ],
    ids=str,
)
async def test_a_request_to_withdraw_meets_several_acts_on_its_way(
    world: World, before: Sequence[str], acts: Sequence[str], expected: str
) -> None:
    """Nobody but intake knows of it while the owners act; `*`: all but that event arrives, `all`: that too."""
    request_id, rng = await world.files(), seeded(f"{before} {acts}")
    await lead(world, request_id, *before)
    assert await world.act(request_id, "withdraws")
    for act in acts:
        if act == "all":
            await world.settle(request_id, rng)
        elif act == "*":
            await deliver_all_but_intake(world, request_id, rng)
        else:
            assert await world.act(request_id, act), act
    await world.settle(request_id, rng)
    assert await assert_all_agree(world, request_id) == expected


MEETINGS: Final = (
    # before, the owner's act, the service where the request to withdraw arrives at the same moment
    (SUPPORTED[:-1], "validates", "qualification"),
    (ORIENTED[:-1], "validates", "qualification"),
    ((*ORIENTED[:-1], "withdraws", "validates"), "accepts", "qualification"),
    ((*ORIENTED[:-1], "withdraws", "validates"), "declines", "qualification"),
    (ESCALATED, "returns", "escalation"),
    ((*ESCALATED, *SCHEDULED), "decides granted", "escalation"),
    ((*ESCALATED, *SCHEDULED), "decides refused", "escalation"),
    ((*DIRECTED[:-1], "withdraws", "validates"), "takes up", "escalation"),
    ((*DIRECTED[:-1], "withdraws", "validates"), "sends back", "escalation"),
)


@pytest.mark.parametrize(("before", "act", "owner"), MEETINGS, ids=str)
async def test_a_request_to_withdraw_arrives_while_the_owner_acts(
    world: World, before: Sequence[str], act: str, owner: str
) -> None:
    """Both in transactions side by side: one waits for the other's lock, and then sees what it did."""
    rng = seeded(act)
    for _ in range(3):
        request_id = await world.files()
        known = before[: before.index("withdraws")] if "withdraws" in before else before
        await lead(world, request_id, *known)
        for earlier in before[len(known) :] or ("withdraws",):
            assert await world.act(request_id, earlier)
        await deliver_all_but_intake(world, request_id, rng)
        await asyncio.gather(world.act(request_id, act), world.deliver(request_id, owner, "/intake"))
        await world.settle(request_id, rng)
        assert await assert_all_agree(world, request_id) is not None


async def test_a_mobilisation_meets_a_request_to_withdraw(world: World) -> None:
    """The withdrawal was sent before the grant was known; the order and the withdrawal are committed side by side."""
    rng = seeded("mobilises")
    for act in ("mobilises", "orders", "accompanies") * 2:
        request_id = await world.files()
        await lead(world, request_id, *GRANTED[:-1])
        assert await world.act(request_id, "withdraws")
        assert await world.act(request_id, "decides granted")
        await asyncio.gather(world.act(request_id, act), world.deliver(request_id, "escalation", "/intake"))
        await world.settle(request_id, rng)
        assert await assert_all_agree(world, request_id) is not None


PAIRS: Final = (
    # before, two acts at the same moment: exactly one of them happens
    (SUPPORTED[:-1], "validates", "validates"),
    (SUPPORTED[:-1], "validates", "rejects"),
    (EXAMINED, "proposes support", "the délégué proposes a refusal"),
    (ORIENTED, "accepts", "declines"),
    (ORIENTED, "accepts", "accepts"),
    ((*ESCALATED, "settles"), "schedules", "returns"),
    ((*ESCALATED, *SCHEDULED), "decides granted", "decides refused"),
    (DIRECTED, "takes up", "takes up"),
    ((*GRANTED, "mobilises"), "accepts the mobilisation", "declines the mobilisation"),
)


@pytest.mark.parametrize(("before", "one", "other"), PAIRS, ids=str)
async def test_of_two_acts_at_the_same_moment_one_happens(
    world: World, before: Sequence[str], one: str, other: str
) -> None:
    request_id = await world.files()
    await lead(world, request_id, *before)
    done = await asyncio.gather(world.act(request_id, one), world.act(request_id, other))
    assert sorted(done) == [False, True]
    await world.settle(request_id, seeded(one))
    await assert_all_agree(world, request_id)


async def test_the_silence_job_meets_the_provider_s_answer(world: World) -> None:
    """Either the provider helps, or its silence gave the request back: never both."""
    database = world.databases["qualification"]

    async def gives_up(at: datetime) -> int:
        async with database.transaction() as tx:
            return await orienting.give_up_silent(tx, at=at, rules=RULES)

    for _ in range(4):
        request_id = await world.files()
        await lead(world, request_id, *ORIENTED)
        late = clock.now() + timedelta(days=60)
        accepted, silent = await asyncio.gather(world.act(request_id, "accepts"), gives_up(late))
        assert (accepted, silent) in {(True, 0), (False, 1)}
        await world.settle(request_id, seeded("silence"))
        await assert_all_agree(world, request_id)


@pytest.mark.parametrize("outcome", ["refusal", "provider", "support", "programme", "transfer"])
async def test_information_meets_an_answer_that_did_not_wait_for_it(world: World, outcome: str) -> None:
    """The département goes on without the applicant, who sends what was asked before hearing of it."""
    request_id, rng = await world.files(), seeded(outcome)
    await lead(world, request_id, *EXAMINED, "asks")
    proposal = f"proposes a {outcome}" if outcome != "support" else "proposes support"
    for act in ("examines", proposal, "validates", "completes"):
        assert await world.act(request_id, act), act
    await world.settle(request_id, rng)
    await assert_all_agree(world, request_id)


@pytest.mark.parametrize("skewed", [*SERVICES[:3], None])
async def test_random_lives_end_in_one_agreed_state_and_are_rebuilt_alike(
    world: World, skewed: str | None, fresh_database: FreshDatabases
) -> None:
    rng = seeded(f"lives {skewed}")
    if skewed:
        world.skew[skewed] = timedelta(hours=-5)
    answered: set[str | None] = set()
    for number in range(LIVES // 4):
        request_id = await world.files()
        await lead(world, request_id, *(rng.choice(BEGINNINGS) if number else ("examines", "withdraws")))
        for _ in range(rng.randint(0, 25)):
            await world.act(request_id, rng.choice(OFTEN))
        for _ in range(rng.randint(5, 30)):
            waiting = await world.waiting(request_id)
            if waiting and rng.random() < 0.4:
                await world.deliver(request_id, *rng.choice(waiting))
            else:
                await world.act(request_id, rng.choice(OFTEN))
        await world.settle(request_id, rng)
        answered.add(await assert_all_agree(world, request_id))
    assert "accepted" in answered
    for name in SERVICES:
        await assert_it_shows_what_was_told(name, world.databases, fresh_database, rows=1)
