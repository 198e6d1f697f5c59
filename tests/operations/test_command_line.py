"""`cousu-main` as operators type it: what it prints, and how it ends."""

import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from deploy.local.rabbitmq import LocalRabbit
from services.operations.reads import held, quarantine
from services.operations.store import record
from shared.clock import new_id
from shared.messaging.inbox import resubmitted
from shared.messaging.inbox.message import Message
from shared.messaging.names import UNROUTED_QUEUE
from tests.command_line import command
from tests.operations.conftest import Scene
from tests.operations.test_journals import hear_all, spoil, told
from tests.operations.trouble import (
    a_dead_letter,
    a_held_stream,
    an_unreadable_message,
    depth,
    publish,
)
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message
from tests.wire import wire

CousuMain = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest.fixture
def cousu_main(scene: Scene, broker_url: Callable[[str], str], rabbit_server: LocalRabbit, tmp_path: Path) -> CousuMain:
    """Run the command in a process of its own; give its exit code, and what it printed on both channels."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "COUSU_ENVIRONMENT_FILE": str(tmp_path / "none"),
        "OPERATIONS_SERVICES": "intake,escalation",
        "INTAKE_OPERATIONS_URL": scene.urls["intake"].operators_url,
        "ESCALATION_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/never-asked",
        "ESCALATION_OPERATIONS_URL": scene.urls["escalation"].operators_url,
        "OPERATIONS_AMQP_URL": broker_url("operator"),
        "OPERATIONS_BROKER_METRICS_URL": f"http://127.0.0.1:{rabbit_server.prometheus_port}",
    }

    async def run(*arguments: str, **changes: str) -> tuple[int, str, str]:
        ran = await command(*arguments, environment={**environment, **changes})
        return ran.code, ran.output, ran.errors

    return run


async def test_held_streams_are_listed_shown_retried_and_skipped(scene: Scene, cousu_main: CousuMain) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation, given_up=True)

    code, out, _ = await cousu_main("held", "list")
    assert (code, one.event_id in out, "you decide" in out) == (0, True, True)
    code, out, _ = await cousu_main("held", "list", "--json")
    assert json.loads(out)[0]["reason"] == "RuntimeError: cannot be applied yet"
    code, out, _ = await cousu_main("held", "show", one.event_id, "--service", "escalation")
    assert (code, "2 events" in out) == (0, True)

    where = (one.event_id, "--service", "escalation", "--why", "corrigé")
    code, out, err = await cousu_main("held", "retry", *where, "--by", "astreinte")
    assert (code, err) == (0, ""), out
    assert (await held.show(scene.escalation, "escalation", one.event_id)).next_attempt_at is not None
    code, _, _ = await cousu_main("held", "skip", *where)
    assert code == 0
    skipped, retried = await record.latest(scene.escalation, "escalation")
    assert (retried.action, retried.by) == ("held.retry", "astreinte")
    assert (skipped.action, skipped.by != "") == ("held.skip", True)

    await scene.inbox.process([Message(wire(a_message(new_id()), 2), "intake.message_posted.95")])
    code, out, _ = await cousu_main("waiting", "list", "--json")
    assert [gap["missing"] for gap in json.loads(out)] == [1]

    code, _, err = await cousu_main("held", "skip", *where)
    assert (code, "ne retient plus rien" in err) == (1, True)


async def test_of_a_cluster_a_node_that_is_away_is_not_worth_a_word(
    cousu_main: CousuMain, broker_url: Callable[[str], str], free_port: int
) -> None:
    addresses = f"amqp://operator:x@127.0.0.1:{free_port}/,{broker_url('operator')}"
    answers = []
    for _ in range(5):  # they are tried in any order, and one may answer late
        code, _, err = await cousu_main("unrouted", "list", OPERATIONS_AMQP_URL=addresses)
        if code == 0:
            answers.append(err)
        if len(answers) == 2:
            break
    assert answers == ["", ""]


async def test_quarantined_messages_are_shown_with_their_bytes_and_settled(scene: Scene, cousu_main: CousuMain) -> None:
    await an_unreadable_message(scene.inbox, b"not an envelope")
    await an_unreadable_message(scene.inbox, b"also not an envelope")
    first, second = await quarantine.list_quarantined(scene.escalation, "escalation")
    code, out, _ = await cousu_main("quarantine", "list")
    assert (code, str(first.id) in out) == (0, True)
    where = ("--service", "escalation")
    _, out, _ = await cousu_main("quarantine", "show", str(first.id), *where)
    assert out.endswith("not an envelope\n")
    assert (await cousu_main("quarantine", "replay", str(first.id), *where, "--why", "essai"))[0] == 0
    assert (await cousu_main("quarantine", "discard", str(second.id), *where, "--why", "illisible"))[0] == 0
    assert len(await resubmitted.following(scene.escalation)) == 1
    _, out, _ = await cousu_main("quarantine", "list", "--settled", "--json")
    assert {one["settlement"] for one in json.loads(out)} == {"replayed", "discarded"}


async def test_stray_messages_are_listed_and_sent_where_they_belong(scene: Scene, cousu_main: CousuMain) -> None:
    await a_dead_letter(scene, "escalation", b"dead")
    await publish(scene.channel, b"lost", "notifications.lost.95")

    async def parked() -> bool:
        return await depth(scene.channel, UNROUTED_QUEUE) == 1

    await eventually(parked)
    code, out, _ = await cousu_main("dead", "list")
    assert (code, "escalation.dead" in out) == (0, True)
    code, out, _ = await cousu_main("dead", "drain", "--queue", "escalation", "--why", "corrigé")
    assert (code, out) == (0, "escalation: 1 sent back\n")
    code, out, _ = await cousu_main("unrouted", "list")
    assert (code, "notifications.lost.95" in out) == (0, True)
    code, out, _ = await cousu_main("unrouted", "replay", "--why", "essai")
    assert code == 1
    assert out.startswith("0 published again, 1 stay")
    code, _, err = await cousu_main("dead", "drain", "--queue", "nowhere", "--why", "essai")
    assert (code, "nowhere" in err) == (1, True)


async def test_status_ends_with_one_when_something_needs_a_hand(scene: Scene, cousu_main: CousuMain) -> None:
    await an_unreadable_message(scene.inbox)
    code, out, _ = await cousu_main("status")
    assert code == 1
    assert "! escalation: 1 messages could not be read" in out
    code, out, _ = await cousu_main("status", "--json")
    assert code == 1
    assert json.loads(out)["well"] is False


async def test_events_are_shown_and_a_tampered_journal_is_found(scene: Scene, cousu_main: CousuMain) -> None:
    request_id = new_id()
    event_id = await told(scene.escalation, a_message(request_id, "Bonjour"))
    code, out, _ = await cousu_main("events", "show", "--request", str(request_id))
    assert (code, str(event_id) in out, "not sent" in out) == (0, True, True)

    code, out, _ = await cousu_main("journal", "verify")
    assert (code, "escalation: 1 events in 1 streams, whole" in out) == (0, True)
    await spoil(scene, "UPDATE journal SET body = replace(body, 'Bonjour', 'Bonsoir') WHERE id = $1", event_id)
    code, out, _ = await cousu_main("journal", "verify", "--service", "escalation")
    assert code == 1
    assert f"event 1 ({event_id}) was changed after it was recorded" in out


async def test_what_keeps_a_request_is_said_beneath_its_events_with_the_command_that_mends_it(
    scene: Scene, cousu_main: CousuMain
) -> None:
    request_id = new_id()
    scene.broken.texts.add("first")
    await told(scene.intake, a_message(request_id, "first"))
    await hear_all(scene)
    _, out, _ = await cousu_main("events", "show", "--request", str(request_id))
    assert "escalation holds intake.message_posted.v1" in out
    assert "RuntimeError: cannot be applied yet" in out
    assert "--service escalation" in out
    _, out, _ = await cousu_main("status")
    assert "Relay" in out


async def test_a_database_that_is_away_is_named_and_the_rest_is_shown(scene: Scene, cousu_main: CousuMain) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    away = {"INTAKE_OPERATIONS_URL": "postgresql://nobody@127.0.0.1:1/away"}
    code, out, err = await cousu_main("held", "list", **away)
    assert code == 1
    assert one.event_id in out
    assert "Away: intake" in err


async def test_an_action_without_a_motive_is_refused(scene: Scene, cousu_main: CousuMain) -> None:
    one = await a_held_stream(scene.inbox, scene.broken, scene.escalation)
    assert (await cousu_main("held", "skip", one.event_id, "--service", "escalation"))[0] == 2
    code, _, err = await cousu_main("held", "skip", one.event_id, "--service", "escalation", "--why", " ")
    assert (code, "why: Donnez le motif" in err) == (1, True)


async def test_a_missing_address_is_one_sentence(cousu_main: CousuMain) -> None:
    code, _, err = await cousu_main("status", INTAKE_OPERATIONS_URL="")
    assert code == 1
    assert err.startswith("INTAKE_OPERATIONS_URL is not set (nor INTAKE_DATABASE_URL).")


async def test_events_are_sent_again_from_a_moment_or_a_number_on(scene: Scene, cousu_main: CousuMain) -> None:
    request_id = new_id()
    for text in ("first", "second"):
        await told(scene.intake, a_message(request_id, text))
    await scene.intake.fetch("DELETE FROM outbox RETURNING position")
    asked = ("events", "resend", "--source", "/intake", "--why", "file perdue", "--by", "astreinte")
    code, out, _ = await cousu_main(*asked, "--from", "2026-01-01T00:00", "--queue", "escalation")
    assert (code, out) == (0, "2 events of /intake sent again to escalation\n")
    code, out, _ = await cousu_main(*asked, "--from", "2", "--request", str(request_id), "--json")
    assert (code, json.loads(out)["events"]) == (0, 1)
    code, _, err = await cousu_main(*asked, "--from", "yesterday")
    assert code == 1
    assert "yesterday" in err
    written = await record.latest(scene.intake, "intake")
    assert [(one.by, one.why) for one in written] == [("astreinte", "file perdue")] * 2


async def test_a_damaged_message_is_said_to_be_so_and_not_replayed(scene: Scene, cousu_main: CousuMain) -> None:
    await scene.inbox.process([Message(wire(a_message(new_id()), 1), "intake.message_posted.95", damaged=True)])
    [one] = await quarantine.list_quarantined(scene.escalation, "escalation")
    where = ("--service", "escalation")
    _, out, _ = await cousu_main("quarantine", "show", str(one.id), *where)
    assert "damaged on its way" in out
    code, _, err = await cousu_main("quarantine", "replay", str(one.id), *where, "--why", "essai")
    assert code == 1
    assert "abîmé en route" in err


def test_a_command_does_not_wait_for_what_only_services_need() -> None:
    """FastStream alone takes longer to load than most commands take to do their work."""
    loaded = "import sys, services.operations.cli.main; print('faststream' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True)  # noqa: S603 - our own program
    assert done.stdout == "False\n"


async def test_all_messages_of_a_cause_are_settled_by_one_command(scene: Scene, cousu_main: CousuMain) -> None:
    bodies = [b" " * number + b"no json" for number in range(3)]
    await scene.inbox.process([Message(body, "intake.message_posted.95") for body in bodies])
    code, out, _ = await cousu_main("quarantine", "causes", "--json")
    [cause] = json.loads(out)
    assert (code, cause["messages"]) == (0, 3)
    where = (cause["key"], "--service", "escalation", "--why", "essai", "--by", "astreinte")
    code, out, err = await cousu_main("quarantine", "replay-all", *where)
    assert (code, out) == (0, "3 sent to escalation again\n"), err
    code, _, err = await cousu_main("quarantine", "discard-all", *where)
    assert (code, "Aucun message de cette cause" in err) == (1, True)
