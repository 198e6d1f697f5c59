"""What stands still and is further than the journals is no request that moved: it is a fork, and is told."""

from services.operations.usecases.replay import replaying
from services.operations.usecases.replay.feeding import Fed
from services.operations.usecases.replay.replaying import Forked
from shared.clock import new_id
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.shared.messaging.conftest import NOTING, a_message, database, fresh
from tests.wire import wire

__all__ = ("database", "fresh")


async def test_a_listener_ahead_of_a_restored_source_is_not_called_moving(database: Database) -> None:
    request_id = new_id()
    subject = str(request_id)
    inbox = Inbox(database, NOTING)
    await inbox.process([Message(wire(a_message(request_id, str(n)), n), "") for n in range(1, 6)])
    before = await replaying._stands(database)  # noqa: SLF001 - what `replay` asks for first
    fed = Fed(events=3, last={("/intake", subject): 3}, consumed={("/intake", subject): 3})
    behind, forked, moving = await replaying._progress(before, database, database, fed)  # noqa: SLF001 - same
    assert (behind, moving) == ([], set())
    assert forked == [Forked(source="/intake", subject=subject, applied=5, told=3)]


async def test_what_was_applied_since_the_journals_were_read_is_moving(database: Database) -> None:
    request_id = new_id()
    messages = [Message(wire(a_message(request_id, str(n)), n), "") for n in range(1, 6)]
    inbox = Inbox(database, NOTING)
    await inbox.process(messages[:3])
    before = await replaying._stands(database)  # noqa: SLF001 - what `replay` asks for first
    await inbox.process(messages[3:])
    fed = Fed(events=3, last={("/intake", str(request_id)): 3}, consumed={("/intake", str(request_id)): 3})
    behind, forked, moving = await replaying._progress(before, database, database, fed)  # noqa: SLF001 - same
    assert (behind, forked, moving) == ([], [], {str(request_id)})


async def test_the_same_number_with_another_hash_is_told(database: Database) -> None:
    request_id = new_id()
    await Inbox(database, NOTING).process([Message(wire(a_message(request_id), 1), "")])
    here = await replaying._stands(database)  # noqa: SLF001 - what `replay` asks for first
    await database.fetch("UPDATE inbox_stream SET hash = sha256('another history')")
    fed = Fed(events=1, last={("/intake", str(request_id)): 1}, consumed={("/intake", str(request_id)): 1})
    rebuilt = await replaying._stands(database)  # noqa: SLF001 - same
    assert here != rebuilt
    forked = replaying._forked(here, here, rebuilt, fed)  # noqa: SLF001 - same
    assert forked == [Forked(source="/intake", subject=str(request_id), applied=1, told=1)]
