"""Publish the answers to foreign forms, each with a tracking link that is made here and never stored."""

import json
from collections.abc import Awaitable
from typing import Any, Final, Protocol

import structlog

from services.intake.store import form_answers
from services.intake.store.form_answers import Answer
from services.intake.tokens import Tokens
from shared.contracts import forms
from shared.db import Database
from shared.messaging.accounts import form_name

log = structlog.get_logger(__name__)

EVERY: Final = 0.5
"""Seconds between two looks for answers."""

TOGETHER: Final = 50


class Publish(Protocol):
    """Publishes a message that is in no journal; returns whether the broker has it."""

    def __call__(self, body: str, routing_key: str, *, event_id: str, wire_type: str) -> Awaitable[bool]:
        """Publish it."""


async def send_answers(database: Database, publish: Publish, tokens: Tokens) -> int:
    """Publish the answers that wait, oldest first, until one is not confirmed; return how many were."""
    sent = 0
    while await form_answers.any_waits(database):
        async with database.transaction() as tx:
            waiting = await form_answers.take(tx, most=TOGETHER)
            gone = []
            for position, answer in waiting:
                if not await _send(answer, publish, tokens):
                    break
                gone.append(position)
            await form_answers.remove(tx, gone)
        sent += len(gone)
        if len(gone) < len(waiting):
            break
    return sent


async def _send(answer: Answer, publish: Publish, tokens: Tokens) -> bool:
    """Publish one answer to the form that filed; a source that is no form's is answered nowhere."""
    form = form_name("/".join(answer.filed_from.split("/")[:3]))
    if form is None:
        log.warning("form.no_name", filed_from=answer.filed_from)
        return True
    fact = _fact(answer, tokens)
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": str(answer.event_id),
        "source": fact.source,
        "type": fact.wire_type,
        "time": fact.at.isoformat(),
        "datacontenttype": "application/json",
        "departement": fact.departement,
        **({"correlationid": answer.filed_id, "causationid": answer.filed_id} if answer.filed_id else {}),
        "data": fact.model_dump(mode="json"),
    }
    body, key = json.dumps(envelope, ensure_ascii=False), f"{fact.wire_type.rpartition('.')[0]}.{form}"
    return await publish(body, key, event_id=str(answer.event_id), wire_type=fact.wire_type)


def _fact(answer: Answer, tokens: Tokens) -> forms.Answer:
    common: dict[str, Any] = {
        "request_id": answer.request_id,
        "departement": answer.departement,
        "at": answer.at,
        "filed_from": answer.filed_from,
        "filed_id": answer.filed_id,
    }
    if answer.number is not None:
        link = tokens.tracking_url(answer.request_id)
        return forms.RequestAccepted(**common, number=answer.number, tracking_url=link)
    return forms.RequestRefused(**common, **(answer.refusal or {}))
