"""The judge bites: what a run left behind is altered, and the check that is meant for it complains."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.faults import cross_checks, money, stand
from tests.faults.clients import Life
from tests.faults.light.run import Plan, run
from tests.faults.light.stage import Stage
from tests.faults.oracle import promises, stands
from tests.faults.verdict import Verdict
from tests.faults.watch import Gate, errors

pytestmark = pytest.mark.faults


@pytest.fixture(scope="module", name="stage")
async def lived_stage(stage: Stage) -> Stage:
    """Four databases in which a few requests were lived, by one person and by two at once; nothing runs any more."""
    await stage.seed(None)
    lives = ("whole_life", "validated_twice")
    report = await run(stage, Plan(seed=20261131, kinds=(), requests=2, lives=lives, clients=2, within=120))
    assert not report.verdict.wrong, report.text()
    return stage


async def complaints(stage: Stage, lives: Sequence[Life] = ()) -> list[str]:
    """Do the checks that compare services with one another."""
    verdict = Verdict()
    await cross_checks.check(stage, lives, verdict)
    await money.check(stage, verdict)
    return verdict.wrong


async def test_what_is_whole_is_not_complained_of(stage: Stage) -> None:
    assert await complaints(stage) == []


@pytest.mark.parametrize("listener", ["intake", "qualification", "escalation", "notifications"])
async def test_a_stream_that_nobody_published_is_a_ghost(stage: Stage, listener: str) -> None:
    await stage.execute(
        listener, "INSERT INTO inbox_stream (source, subject, applied) VALUES ('/intake', 'a ghost', 1)"
    )
    found = await complaints(stage)
    assert [one for one in found if one.startswith("ghost")] == [
        f"ghost: {listener} applied /intake a ghost, which nobody published"
    ]
    await stage.execute(listener, "DELETE FROM inbox_stream WHERE subject = 'a ghost'")


async def test_another_event_under_the_same_number_is_noticed(stage: Stage) -> None:
    if not await stage.fetch("intake", stand.STORES_HASH, stand.APPLIED_HASH):
        await stage.execute("intake", "ALTER TABLE inbox_stream ADD COLUMN hash bytea")
        await stage.execute("intake", "UPDATE inbox_stream SET hash = NULL")
    assert await stand.forked(stage) == []
    await stage.execute(
        "intake",
        "UPDATE inbox_stream SET hash = 'another'::bytea WHERE (subject, source) ="
        " (SELECT subject, source FROM inbox_stream WHERE source LIKE '/qualification%' AND subject NOT LIKE 'event:%'"
        " LIMIT 1)",
    )
    assert len(await stand.forked(stage)) == 1
    await stage.execute("intake", "UPDATE inbox_stream SET hash = NULL WHERE hash = 'another'::bytea")


async def test_a_mail_about_an_event_that_nobody_published_is_noticed(stage: Stage) -> None:
    await stage.execute("notifications", "UPDATE delivery SET event_type = event_type || '.other'")
    assert any("which nobody published" in one for one in await complaints(stage))
    await stage.execute("notifications", "UPDATE delivery SET event_type = replace(event_type, '.other', '')")


async def test_what_never_came_into_its_dossier_is_noticed(stage: Stage) -> None:
    await stage.execute(
        "escalation",
        "INSERT INTO early_note (request_id, at, type, data)"
        " SELECT request_id, now(), 'intake.message_posted.v1', '{}' FROM escalation LIMIT 1",
    )
    assert any(one.startswith("lost") for one in await complaints(stage))
    await stage.execute("escalation", "DELETE FROM early_note")


@pytest.mark.parametrize(
    ("service", "change", "back"),
    [
        ("qualification", "UPDATE envelope SET committed_cents = committed_cents + 1", "- 1"),
        ("escalation", "UPDATE envelope SET committed_cents = committed_cents + 1", "- 1"),
    ],
)
async def test_an_account_that_does_not_add_up_is_noticed(stage: Stage, service: str, change: str, back: str) -> None:
    await stage.execute(service, change)
    assert any(one.startswith("money") for one in await complaints(stage))
    await stage.execute(service, change.replace("+ 1", back))
    assert await complaints(stage) == []


@pytest.mark.parametrize(
    ("told", "status", "before", "true"),
    [
        (["supported_locally"], "supported_locally", [], True),
        (["refused"], "withdrawn", [], False),
        (["supported_locally", "withdrawn"], "withdrawn", [], True),
        (["withdrawn", "supported_locally"], "supported_locally", [], False),
        (["supported_locally", "supported_locally"], "supported_locally", [], False),
        ([], "supported_locally", [], False),
        ([], "under_examination", [], True),
        (["refused"], "under_examination", [], False),
        (["oriented_locally"], "under_examination", ["oriented_locally"], True),
        (["oriented_locally", "withdrawn"], "withdrawn", ["oriented_locally"], True),
        (["withdrawn"], "withdrawn", ["oriented_locally"], True),
        (["decided"], "mobilising", [], True),
    ],
)
def test_only_one_true_outcome_may_be_told(told: list[str], status: str, before: list[str], true: bool) -> None:
    assert cross_checks.is_true(told, status, before=before) is true


async def test_two_events_of_which_only_one_may_be_are_noticed() -> None:
    life = Life("validated_and_rejected", "key", id="one", finished=True)
    life.exclusive = [frozenset({"a.v1", "b.v1"})]
    life.sure.update({"a.v1": 1, "b.v1": 1})
    verdict = Verdict()
    promises(life, {"a.v1": 1, "b.v1": 1}, verdict)
    assert [one.partition(":")[0] for one in verdict.wrong] == ["crossed"]


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        ({"intake": ["refused"], "95": ["refused"]}, False),
        ({"intake": ["withdrawn"], "95": ["withdrawn"]}, False),
        ({"intake": ["withdrawn"], "95": ["refused"]}, True),
    ],
)
def test_either_end_is_good_but_no_mixture(found: Mapping[str, list[str]], wrong: bool) -> None:
    life = Life("withdrawn_while_refused", "key", ends={"intake": "refused", "95": "refused"})
    life.or_ends = [{"intake": "withdrawn", "95": "withdrawn"}]
    verdict = Verdict()
    stands(life, found, verdict)
    assert bool(verdict.wrong) is wrong


class Closed:
    """A product of which one service is alive and not ready."""

    listens = True
    copies = ((200, 503), (200, 503))

    def servers_listen(self) -> bool:
        """Say whether the servers are there."""
        return self.listens

    async def readiness(self) -> Mapping[str, Sequence[tuple[int, int]]]:
        """Say what the copies answer."""
        return {"intake": self.copies}


async def test_a_service_that_no_balancer_would_reach_is_noticed() -> None:
    product = Closed()
    gate = Gate(product, closed_for=10)
    for now in (0.0, 5.0, 9.0):
        await gate.look(now)
    assert gate.closed == []
    await gate.look(11.0)
    assert len(gate.closed) == 1


@pytest.mark.parametrize(
    ("listens", "copies"), [(False, ((200, 503),)), (True, ((0, 0), (200, 503))), (True, ((200, 503), (200, 200)))]
)
async def test_a_service_with_a_reason_is_not_blamed(listens: bool, copies: Sequence[tuple[int, int]]) -> None:
    product = Closed()
    product.listens, product.copies = listens, tuple(copies)  # type: ignore[assignment] # of any length
    gate = Gate(product, closed_for=10)
    for now in (0.0, 20.0, 40.0):
        await gate.look(now)
    assert gate.closed == []


def test_an_error_in_the_log_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "intake.log").write_text(
        "words of a library\n"
        '{"event": "relay.failed", "level": "error", "logger": "shared.messaging.relay"}\n'
        '{"event": "closed", "level": "error", "logger": "aio_pika.robust_channel"}\n'
        '{"event": "started", "level": "info", "logger": "shared.messaging.relay"}\n'
    )
    assert errors(tmp_path, ["intake"]) == {"intake: relay.failed": 1}
