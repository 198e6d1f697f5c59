"""Manage webhook subscriptions: create, suspend, resume, replay, test and end."""

import re
from collections.abc import Awaitable, Callable
from datetime import date, datetime, time
from functools import wraps
from typing import Annotated, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BeforeValidator, Field, ValidationInfo

from services.notifications.domain import webhooks as domain
from services.notifications.domain.addresses import wrong_with
from services.notifications.domain.webhooks import State
from services.notifications.store import webhooks as store
from services.notifications.usecases.context import Context
from shared import clock
from shared.commands import TYPED, Command, NoBody, Nothing
from shared.db import Row
from shared.errors import Conflict, FieldError, IllegalMove, Invalid
from shared.french.dates import zone_of
from shared.identity.model import Role

C = TypeVar("C", bound=Command)

_DEPARTEMENT = re.compile(r"0[1-9]|[1-8]\d|9[0-5]|2[AB]|9[78]\d")
_BY_HAND = "Suspendu à la main."


class NoWebhooksHere(Conflict):
    """The service has no key to sign with (HTTP 409)."""

    code = "no_webhooks_here"
    title = "Webhooks are not configured"
    sentence = "Les abonnements ne sont pas ouverts sur ce service : l’exploitant doit d’abord lui donner une clé."


def _midnight_of_a_typed_day(value: object, info: ValidationInfo) -> object:
    """Read a day that was typed as its first moment in Paris; programs send a moment."""
    if info.context == TYPED and isinstance(value, str):
        try:
            return datetime.combine(date.fromisoformat(value), time(), tzinfo=zone_of(None))
        except ValueError:
            raise ValueError("Cette date n’existe pas ou n’a pas la forme attendue, comme 2027-01-12.") from None
    return value


class Subscribe(Command):
    """What a partner wants: where, and which facts of which départements; empty lists mean all."""

    name: str = Field(min_length=1, max_length=100)
    url: str = Field(max_length=500)
    types: list[str] = Field(default_factory=list, max_length=100)
    departements: list[str] = Field(default_factory=list, max_length=110)


class Replay(Command):
    """From where events are sent again: after a position, or since a moment; one of them."""

    position: int | None = Field(default=None, ge=0, le=2**62)
    since: Annotated[AwareDatetime, BeforeValidator(_midnight_of_a_typed_day)] | None = None


async def subscribe(do: Context, command: Subscribe) -> UUID:
    """Open a subscription to what happens from now on; return its id. Its secret can be read afterwards."""
    do.agent.require(Role.OPERATOR)
    if do.parts.secrets is None:
        raise NoWebhooksHere
    errors = []
    if not command.name.strip():
        errors.append(FieldError("name", "Donnez un nom à cet abonnement."))
    if wrong := wrong_with(command.url, do.parts.networks):
        errors.append(FieldError("url", wrong))
    if not set(command.types) <= {fact.wire_type for fact in domain.FACTS}:
        errors.append(FieldError("types", "Choisissez des événements de la liste."))
    perimeter = do.agent.perimeter
    if not all(_DEPARTEMENT.fullmatch(code) for code in command.departements):
        errors.append(FieldError("departements", "Donnez des codes de départements, comme 95, 2A ou 971."))
    elif perimeter is not None and not (command.departements and set(command.departements) <= set(perimeter)):
        errors.append(FieldError("departements", "Choisissez des départements de votre périmètre."))
    if errors:
        raise Invalid(errors)
    new = store.NewWebhook(
        id=clock.new_id(),
        name=command.name.strip(),
        url=command.url,
        types=sorted(set(command.types)),
        departements=sorted(set(command.departements)),
        position=await store.head(do.tx),
        created_by=do.agent.id,
        at=do.at,
    )
    await store.add_webhook(do.tx, new)
    return new.id


def _changes_webhook(
    change: Callable[[Context, Row, C], Awaitable[None]],
) -> Callable[[Context, UUID, C], Awaitable[None]]:
    """Make a use case of an operator: lock a subscription of their perimeter that has not ended, and change it."""

    @wraps(change)
    async def run(do: Context, webhook_id: UUID, command: C) -> None:
        do.agent.require(Role.OPERATOR)
        webhook = await store.lock_webhook(do.tx, webhook_id, do.agent.perimeter)
        if webhook["state"] == State.ENDED:
            raise IllegalMove(state=State.ENDED, allowed_actions=[])
        await change(do, webhook, command)

    return run


async def _save(
    do: Context, webhook: Row, state: State, *, position: int | None = None, because: str | None = None
) -> None:
    await store.save_state(
        do.tx,
        webhook["id"],
        state=state,
        because=because,
        position=webhook["position"] if position is None else position,
        at=do.at,
    )


@_changes_webhook
async def suspend(do: Context, webhook: Row, _: Nothing) -> None:
    """Send nothing more for now; nothing is lost."""
    if webhook["state"] == State.SUSPENDED:
        raise IllegalMove(state=State.SUSPENDED, allowed_actions=["resume", "replay", "end"])
    await _save(do, webhook, State.SUSPENDED, because=_BY_HAND)


@_changes_webhook
async def resume(do: Context, webhook: Row, _: Nothing) -> None:
    """Go on from where it stands, at once, also when it waits after a failure."""
    await _save(do, webhook, State.ACTIVE)


@_changes_webhook
async def replay(do: Context, webhook: Row, command: Replay) -> None:
    """Send again all that lies after a position or since a moment; a later position leaves out what is before it."""
    if (command.position is None) == (command.since is None):
        raise Invalid.field("position", "Donnez soit une position, soit un jour.")
    newest = await store.head(do.tx)
    position = command.position if command.since is None else await store.position_before(do.tx, command.since)
    if position is None or not 0 <= position <= newest:
        raise Invalid.field("position", f"Donnez une position entre 0 et {newest}.")
    await _save(do, webhook, State.ACTIVE, position=position)


@_changes_webhook
async def send_test(do: Context, webhook: Row, _: Nothing) -> None:
    """Send a signed test event once (`notifications.webhook_test.v1`); its attempt is listed with the others."""
    await store.request_test(do.tx, webhook["id"], by=do.agent.id, at=do.at)


@_changes_webhook
async def renew_secret(do: Context, webhook: Row, _: Nothing) -> None:
    """Make another secret; the one before signs too for a day."""
    if do.parts.secrets is None:
        raise NoWebhooksHere
    await store.save_secret(do.tx, webhook["id"], webhook["secret_generation"] + 1, at=do.at)


@_changes_webhook
async def end(do: Context, webhook: Row, _: NoBody) -> None:
    """End a subscription for good; its journal stays."""
    await _save(do, webhook, State.ENDED)
