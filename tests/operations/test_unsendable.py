"""What the broker refuses is listed with its reason, and goes out again when an operator says so."""

import asyncio
from collections.abc import Callable

import pytest

from services.operations.reads import unsendable
from services.operations.store import record
from services.operations.usecases import retry_unsendable
from services.operations.usecases.retry_unsendable import NotUnsendable
from shared.clock import new_id
from shared.errors import Invalid
from shared.messaging import journal
from shared.messaging.relay import Relay
from tests.operations.conftest import Scene
from tests.operations.test_command_line import CousuMain, cousu_main
from tests.polling import eventually
from tests.shared.messaging.conftest import a_message

__all__ = ["cousu_main"]


async def test_an_event_that_was_set_aside_is_listed_and_published_again(
    scene: Scene, broker_url: Callable[[str], str], cousu_main: CousuMain
) -> None:
    request_id, intake = new_id(), scene.connections.service("intake")
    async with scene.intake.transaction() as tx:
        event_id = await journal.record(tx, a_message(request_id, "first"))
        await journal.record(tx, a_message(request_id, "second"))
    await scene.intake.fetch(
        """
        UPDATE outbox SET unsendable_since = now(), unsendable_reason = 'too large'
        WHERE position = (SELECT min(position) FROM outbox)
        """
    )
    one = Relay(scene.intake, broker_url("intake"), name="intake", poll=0.05)
    task = asyncio.create_task(one.run())

    async def only_the_refused_one() -> bool:
        return bool(await scene.intake.fetchval("SELECT bool_and(unsendable_since IS NOT NULL) FROM outbox"))

    await eventually(only_the_refused_one)
    [shown] = await unsendable.list_unsendable(scene.intake, "intake")
    assert (shown.event_id, shown.sequence, shown.queue, shown.reason) == (event_id, 1, "", "too large")
    code, out, _ = await cousu_main("unsendable", "list")
    assert code == 0
    assert "too large" in out
    with pytest.raises(Invalid):
        await retry_unsendable.retry(intake, event_id, by="Zoé", why=" ")
    code, out, err = await cousu_main(
        *("unsendable", "retry", str(event_id), "--service", "intake", "--why", "Limite relevée", "--by", "Zoé")
    )
    assert code == 0, err

    async def emptied() -> bool:
        return bool(await scene.intake.fetchval("SELECT count(*) = 0 FROM outbox"))

    await eventually(emptied)
    queue = await scene.channel.get_queue("escalation")
    came = [await queue.get(timeout=5) for _ in range(2)]
    assert [message.message_id for message in came if message][1] == str(event_id)
    assert await unsendable.list_unsendable(scene.intake, "intake") == []
    assert [(done.action, done.by) for done in await record.latest(scene.intake, "intake")] == [
        ("unsendable.retry", "Zoé")
    ]
    with pytest.raises(NotUnsendable):
        await retry_unsendable.retry(intake, event_id, by="Zoé", why="encore")
    await one.stop()
    await task
    await one.close()
