"""Let partners' programs subscribe, and give them what they subscribed to: each its own events, in order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from services.notifications.domain import webhooks as domain
from services.notifications.domain.addresses import wrong_with
from services.notifications.domain.audiences import WEBHOOK_SUSPENDED
from services.notifications.domain.deliveries import NO_ADDRESS, Status
from services.notifications.domain.preferences import Cadence
from services.notifications.domain.webhooks import GONE, LEASE, OLD_SECRET_LASTS, Result, State
from services.notifications.store.deliveries import NewDelivery, add_delivery
from services.notifications.store.requests import known_request
from services.notifications.store.webhooks import (
    NewWebhook,
    add_webhook,
    claim_event,
    claim_test,
    end_attempt,
    head,
    lock_webhook,
    move_on,
    note_partner_event,
    position_before,
    request_test,
    save_secret,
    save_state,
    try_later,
)
from services.notifications.usecases.parts import Parts
from shared import clock
from shared.contracts.fact import Fact
from shared.db import Row, Transaction
from shared.errors import Conflict, FieldError, IllegalMove, Invalid
from shared.identity.model import Agent, Role

_DEPARTEMENT = re.compile(r"0[1-9]|[1-8]\d|9[0-5]|2[AB]|9[78]\d")
_BY_HAND = "Suspendu à la main."


class NoWebhooksHere(Conflict):
    """The service has no key to sign with (HTTP 409)."""

    code = "no_webhooks_here"
    title = "Webhooks are not configured"
    sentence = "Les abonnements ne sont pas ouverts sur ce service : l’exploitant doit d’abord lui donner une clé."


@dataclass(frozen=True, slots=True)
class Wish:
    """What a partner wants: where, and which facts of which départements; empty means all."""

    name: str
    url: str
    types: Sequence[str] = ()
    departements: Sequence[str] = ()


async def note_for_partners(tx: Transaction, fact: Fact, *, event_id: UUID, at: datetime) -> None:
    """Keep what partners may be told of a fact."""
    if tx.replaying:
        return
    request = await known_request(tx, fact.request_id)
    body = domain.told_of(fact, event_id=event_id, number=request.number if request else None)
    await note_partner_event(tx, event_id, wire_type=fact.wire_type, departement=fact.departement, body=body, at=at)


async def subscribe(tx: Transaction, wish: Wish, *, by: Agent, at: datetime, parts: Parts) -> tuple[UUID, str]:
    """Keep a subscription that begins with what happens next; give its id and its secret, which is shown once."""
    by.require(Role.OPERATOR)
    if parts.secrets is None:
        raise NoWebhooksHere
    errors = []
    if not wish.name.strip():
        errors.append(FieldError("name", "Donnez un nom à cet abonnement."))
    if wrong := wrong_with(wish.url, parts.networks):
        errors.append(FieldError("url", wrong))
    if not set(wish.types) <= {fact.wire_type for fact in domain.FACTS}:
        errors.append(FieldError("types", "Choisissez des événements de la liste."))
    if not all(_DEPARTEMENT.fullmatch(code) for code in wish.departements):
        errors.append(FieldError("departements", "Donnez des codes de départements, comme 95, 2A ou 971."))
    elif by.perimeter is not None and not (wish.departements and set(wish.departements) <= set(by.perimeter)):
        errors.append(FieldError("departements", "Choisissez des départements de votre périmètre."))
    if errors:
        raise Invalid(errors)
    webhook_id = clock.new_id()
    new = NewWebhook(
        id=webhook_id,
        name=wish.name.strip(),
        url=wish.url,
        types=sorted(set(wish.types)),
        departements=sorted(set(wish.departements)),
        position=await head(tx),
        created_by=by.id,
        at=at,
    )
    await add_webhook(tx, new)
    return webhook_id, parts.secrets.of(webhook_id, 1)


async def renew_secret(tx: Transaction, webhook_id: UUID, *, by: Agent, at: datetime, parts: Parts) -> str:
    """Make another secret; the one before signs too for a day."""
    by.require(Role.OPERATOR)
    if parts.secrets is None:
        raise NoWebhooksHere
    row = await _of_somebody_served(tx, webhook_id, by)
    generation = row["secret_generation"] + 1
    await save_secret(tx, webhook_id, generation, at=at)
    return parts.secrets.of(webhook_id, generation)


async def suspend(tx: Transaction, webhook_id: UUID, *, by: Agent, at: datetime) -> None:
    """Give nothing more for now; nothing is lost."""
    by.require(Role.OPERATOR)
    row = await _of_somebody_served(tx, webhook_id, by)
    if row["state"] == State.SUSPENDED:
        raise IllegalMove(state=State.SUSPENDED, allowed_actions=["resume", "replay", "end"])
    await save_state(tx, webhook_id, state=State.SUSPENDED, because=_BY_HAND, position=row["position"], at=at)


async def resume(tx: Transaction, webhook_id: UUID, *, by: Agent, at: datetime) -> None:
    """Go on from where it stands, and at once, also when it waits after a failure."""
    by.require(Role.OPERATOR)
    row = await _of_somebody_served(tx, webhook_id, by)
    await save_state(tx, webhook_id, state=State.ACTIVE, because=None, position=row["position"], at=at)


@dataclass(frozen=True, slots=True)
class From:
    """From where to tell again: after a position, or since a moment."""

    position: int | None = None
    since: datetime | None = None


async def replay(tx: Transaction, webhook_id: UUID, start: From, *, by: Agent, at: datetime) -> None:
    """Tell again from a position or a moment of choice, or leave out what lies before it; it is served at once."""
    by.require(Role.OPERATOR)
    if (start.position is None) == (start.since is None):
        raise Invalid.field("position", "Donnez soit une position, soit un jour.")
    await _of_somebody_served(tx, webhook_id, by)
    newest = await head(tx)
    position = start.position if start.since is None else await position_before(tx, start.since)
    if position is None or not 0 <= position <= newest:
        raise Invalid.field("position", f"Donnez une position entre 0 et {newest}.")
    await save_state(tx, webhook_id, state=State.ACTIVE, because=None, position=position, at=at)


async def send_test(tx: Transaction, webhook_id: UUID, *, by: Agent, at: datetime) -> None:
    """Have a test event sent once, also to a suspended subscription; it changes no position."""
    by.require(Role.OPERATOR)
    await _of_somebody_served(tx, webhook_id, by)
    await request_test(tx, webhook_id, by=by.id, at=at)


async def end(tx: Transaction, webhook_id: UUID, *, by: Agent, at: datetime) -> None:
    """End a subscription for good; its journal stays."""
    by.require(Role.OPERATOR)
    row = await _of_somebody_served(tx, webhook_id, by)
    await save_state(tx, webhook_id, state=State.ENDED, because=None, position=row["position"], at=at)


async def _of_somebody_served(tx: Transaction, webhook_id: UUID, by: Agent) -> Row:
    row = await lock_webhook(tx, webhook_id, by.perimeter)
    if row["state"] == State.ENDED:
        raise IllegalMove(state=State.ENDED, allowed_actions=[])
    return row


@dataclass(frozen=True, slots=True)
class Parcel:
    """One event on its way to a partner, with the secrets that sign it."""

    attempt_id: UUID
    webhook_id: UUID
    event_id: UUID
    url: str
    body: dict[str, object]
    secrets: list[str]


async def next_parcel(tx: Transaction, *, at: datetime, secrets: domain.Secrets) -> Parcel | None:
    """Take the next event that is due to a partner, a requested test first; None when there is none."""
    if (row := await claim_test(tx, at=at)) is not None:
        return _parcel(row, domain.test_event(row["event_id"], at=at), at=at, secrets=secrets)
    if (row := await claim_event(tx, at=at, lease=LEASE)) is not None:
        return _parcel(row, row["body"], at=at, secrets=secrets)
    return None


def _parcel(row: Row, body: dict[str, object], *, at: datetime, secrets: domain.Secrets) -> Parcel:
    generation = row["secret_generation"]
    valid = [generation, generation - 1] if at - row["secret_changed_at"] < OLD_SECRET_LASTS else [generation]
    return Parcel(
        attempt_id=row["attempt_id"],
        webhook_id=row["id"],
        event_id=row["event_id"],
        url=row["url"],
        body=body | {"position": row["position"]},
        secrets=[secret for number in valid if number > 0 for secret in secrets.every(row["id"], number)],
    )


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of an attempt: the partner's status and first words, and how long he asks us to wait."""

    result: Result
    answer: str
    status: int | None = None
    wait: timedelta | None = None


async def delivered(
    tx: Transaction, attempt_id: UUID, receipt: Receipt, *, at: datetime, chance: float, parts: Parts
) -> None:
    """Note what came of an attempt: go on to the next event, try again later, or suspend and tell the operator."""
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
    await _tell_operator(tx, row, receipt, attempt_id=attempt_id, at=at, parts=parts)


async def _tell_operator(
    tx: Transaction, webhook: Row, receipt: Receipt, *, attempt_id: UUID, at: datetime, parts: Parts
) -> None:
    """Owe the operator's mailbox a mail about a subscription that is suspended by itself."""
    mail_id = uuid5(attempt_id, WEBHOOK_SUSPENDED)
    link = parts.links.open("webhook", str(webhook["id"]))
    context = {"webhook": webhook, "receipt": receipt, "gone": receipt.status == GONE}
    letter = parts.renderer.write(WEBHOOK_SUSPENDED, context, link=link)
    recipient = parts.directory.operator or ""
    await add_delivery(
        tx,
        NewDelivery(
            id=mail_id,
            event_id=mail_id,
            event_type=WEBHOOK_SUSPENDED,
            event_at=at,
            request_id=None,
            number=None,
            departement=None,
            audience="operator",
            template=WEBHOOK_SUSPENDED,
            holder="mailbox:operator",
            recipient=recipient,
            subject=letter.subject,
            text_body=letter.text,
            html_body=letter.html,
            link_kind="webhook",
            link_target=str(webhook["id"]),
            reply_to=None,
            cadence=Cadence.INSTANT,
            status=Status.QUEUED if recipient else Status.FAILED,
            next_attempt_at=at if recipient else None,
            reason=None if recipient else NO_ADDRESS,
            created_at=at,
        ),
    )
