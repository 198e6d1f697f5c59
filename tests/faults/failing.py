"""A consumer that fails: whatever handles an event raises, for those that somebody chooses."""

import dataclasses
from collections.abc import Callable
from typing import Any
from unittest import mock

from shared.messaging.authenticity import check_type
from shared.messaging.consumers import Consumers, Handler, Heard
from shared.messaging.envelope import Envelope


def let_handlers_fail(when: Callable[[Heard], bool], words: str) -> None:
    """Raise, with these words, instead of handling what is chosen at that moment."""
    true_hear = Consumers.hear

    def hear(consumers: Consumers, body: bytes, check: Callable[[Envelope], None] = check_type) -> Heard:
        heard = true_hear(consumers, body, check)
        return heard if heard.handler is None else dataclasses.replace(heard, handler=_perhaps(heard.handler, heard))

    def _perhaps(handler: Handler, heard: Heard) -> Handler:
        async def fail_or_handle(tx: Any, fact: Any) -> None:
            if when(heard):
                raise RuntimeError(words)
            await handler(tx, fact)

        return fail_or_handle

    mock.patch.object(Consumers, "hear", hear).start()
