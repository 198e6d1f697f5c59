"""A consumer whose handlers raise for chosen requests."""

import dataclasses
from collections.abc import Callable
from typing import Any
from unittest import mock

from shared.messaging.authenticity import check_type
from shared.messaging.envelope import Envelope
from shared.messaging.handlers import ConsumedEvent, EventHandlers, Handler


def let_handlers_fail(when: Callable[[ConsumedEvent], bool], words: str) -> None:
    """Raise, with these words, instead of handling what is chosen at that moment."""
    true_hear = EventHandlers.parse

    def parse(handlers: EventHandlers, body: bytes, check: Callable[[Envelope], None] = check_type) -> ConsumedEvent:
        heard = true_hear(handlers, body, check)
        return heard if heard.handler is None else dataclasses.replace(heard, handler=_perhaps(heard.handler, heard))

    def _perhaps(handler: Handler, heard: ConsumedEvent) -> Handler:
        async def fail_or_handle(tx: Any, fact: Any) -> None:
            if when(heard):
                raise RuntimeError(words)
            await handler(tx, fact)

        return fail_or_handle

    mock.patch.object(EventHandlers, "parse", parse).start()
