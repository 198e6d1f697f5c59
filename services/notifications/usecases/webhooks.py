"""Deliver events to partners' webhooks: each subscription receives its events in order."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.notifications.domain import webhooks as domain
from services.notifications.domain.audiences import WEBHOOK_SUSPENDED
from services.notifications.domain.deliveries import NO_ADDRESS, Status
from services.notifications.domain.webhooks import GONE, LEASE, OLD_SECRET_LASTS, Result, State
from services.notifications.store.deliveries import NewDelivery, add_delivery
from services.notifications.store.requests import known_request
from services.notifications.store.webhooks import (
    claim_event,
    claim_test,
    end_attempt,
    move_on,
    note_partner_event,
    save_state,
    try_later,
)
from services.notifications.usecases.parts import Parts
from shared.contracts.fact import Fact
from shared.db import Row, Transaction


async def store_for_partners(tx: Transaction, fact: Fact, *, event_id: UUID, at: datetime) -> None:
    """Store what partners may receive of a fact, unless the service is rebuilt."""
    if tx.replaying:
        return
    request = await known_request(tx, fact.request_id)
    body = domain.webhook_payload(fact, event_id=event_id, number=request.number if request else None)
    await note_partner_event(tx, event_id, wire_type=fact.wire_type, departement=fact.departement, body=body, at=at)


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """One event on its way to a partner, with the secrets that sign it."""

    attempt_id: UUID
    webhook_id: UUID
    event_id: UUID
    url: str
    body: dict[str, object]
    secrets: list[str]


async def next_event(tx: Transaction, *, at: datetime, secrets: domain.Secrets) -> OutgoingEvent | None:
    """Take the next event that is due to a partner, a requested test first; None when there is none."""
    if (row := await claim_test(tx, at=at)) is not None:
        return _outgoing(row, domain.test_event(row["event_id"], at=at), at=at, secrets=secrets)
    if (row := await claim_event(tx, at=at, lease=LEASE)) is not None:
        return _outgoing(row, row["body"], at=at, secrets=secrets)
    return None


def _outgoing(row: Row, body: dict[str, object], *, at: datetime, secrets: domain.Secrets) -> OutgoingEvent:
    generation = row["secret_generation"]
    valid = [generation, generation - 1] if at - row["secret_changed_at"] < OLD_SECRET_LASTS else [generation]
    return OutgoingEvent(
        attempt_id=row["attempt_id"],
        webhook_id=row["id"],
        event_id=row["event_id"],
        url=row["url"],
        body=body | {"position": row["position"]},
        secrets=[secret for number in valid if number > 0 for secret in secrets.every(row["id"], number)],
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of an attempt: the partner's status and first words, and how long they ask us to wait."""

    result: Result
    answer: str
    status: int | None = None
    wait: timedelta | None = None


async def record_attempt(
    tx: Transaction, attempt_id: UUID, receipt: Receipt, *, at: datetime, chance: float, parts: Parts
) -> None:
    """Note what came of an attempt: go on to the next event, try again later, or suspend and notify the operator."""
    row = await end_attempt(tx, attempt_id, result=receipt.result, status=receipt.status, answer=receipt.answer, at=at)
    if row is None:
        return
    if receipt.result is Result.TAKEN:
        await move_on(tx, row["id"], row["tried"], at=at)
        return
    failures, since = row["failures"] + 1, row["failing_since"] or at
    due = domain.again_at(failures=failures, failing_since=since, at=at, wait=receipt.wait, chance=chance)
    if due is not None and receipt.status != GONE:
        await try_later(tx, row["id"], failures=failures, failing_since=since, next_attempt_at=due)
        return
    because = f"Dernière réponse : {receipt.answer}"
    await save_state(
        tx, row["id"], state=State.SUSPENDED, because=because, position=row["position"], at=at, gave_up_at=at
    )
    await _notify_operator(tx, row, receipt, attempt_id=attempt_id, at=at, parts=parts)


async def _notify_operator(
    tx: Transaction, webhook: Row, receipt: Receipt, *, attempt_id: UUID, at: datetime, parts: Parts
) -> None:
    """Queue a mail to the operator's mailbox about a subscription that was suspended automatically."""
    mail_id = uuid5(attempt_id, WEBHOOK_SUSPENDED)
    link = parts.links.open("webhook", str(webhook["id"]))
    context = {"webhook": webhook, "receipt": receipt, "gone": receipt.status == GONE}
    rendered = parts.renderer.write(WEBHOOK_SUSPENDED, context, link=link)
    recipient = parts.directory.operator or ""
    await add_delivery(
        tx,
        NewDelivery(
            id=mail_id,
            event_id=mail_id,
            event_type=WEBHOOK_SUSPENDED,
            event_at=at,
            audience="operator",
            template=WEBHOOK_SUSPENDED,
            holder="mailbox:operator",
            recipient=recipient,
            subject=rendered.subject,
            text_body=rendered.text,
            html_body=rendered.html,
            link_kind="webhook",
            link_target=str(webhook["id"]),
            status=Status.QUEUED if recipient else Status.FAILED,
            next_attempt_at=at if recipient else None,
            reason=None if recipient else NO_ADDRESS,
            created_at=at,
        ),
    )
