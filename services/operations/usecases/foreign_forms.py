"""Manage the broker accounts of foreign forms, which may only file requests and read their own answers.

An account may write to the exchange with the routing keys of filed requests alone, and read the one queue that is made
with it. It may configure nothing: it makes no queue, no exchange and no binding, and deletes none.
"""

import secrets
from typing import Final
from urllib.parse import unquote

from pydantic import BaseModel
from yarl import URL

from services.operations.adapters.broker_admin import BrokerAdmin
from services.operations.adapters.connections import Connections
from services.operations.domain.actions import Action
from services.operations.store import record
from shared.db import Transaction
from shared.errors import Conflict, Invalid, NotFound
from shared.messaging import accounts
from shared.messaging.accounts import form_source, form_user, is_form_name
from shared.messaging.names import EXCHANGE

ANSWERS: Final = ("forms.request_accepted", "forms.request_refused")
"""What a form reads, each with its name as the last word of the routing key."""

FRONT_DOOR: Final = "intake"
"""The service that takes what forms file, and records who made and removed their accounts."""

ACCOUNT: Final = form_user("")
"""How the account of every form begins."""

MOST_ANSWERS: Final = 10_000
"""Unread answers that are stored for a form; the oldest give way, and are sent again to who files the same again."""

ANSWERS_LAST: Final = 30 * 24 * 3600 * 1000
"""Milliseconds for which an unread answer is stored."""

LIMITS: Final = {"max-connections": 10, "max-channels": 50}
"""What one account may open at the same time."""

_QUEUE: Final = {
    "durable": True,
    "auto_delete": False,
    "arguments": {
        "x-queue-type": "quorum",
        "x-max-length": MOST_ANSWERS,
        "x-message-ttl": ANSWERS_LAST,
        "x-overflow": "drop-head",
        "x-delivery-limit": -1,
    },
}


class FormKnown(Conflict):
    """A form has this name already."""

    code = "form_known"
    title = "A form has this name"
    sentence = (
        "Le formulaire «\u00a0{name}\u00a0» a déjà un compte. Donnez-lui un nouveau mot de passe avec --renew, ou "
        "retirez-le d’abord."
    )


class NoSuchForm(NotFound):
    """No form has this name."""

    code = "no_such_form"
    title = "No such form"
    sentence = "Aucun formulaire ne porte le nom «\u00a0{name}\u00a0»."


class Form(BaseModel):
    """One form: the source it publishes as, its account, the queue of its answers, and how many it has not read."""

    name: str
    source: str
    account: str
    queue: str
    unread: int


async def list_forms(connections: Connections, admin: BrokerAdmin) -> list[Form]:
    """Return the forms that have an account, by name. Refuses with `BrokerAway` and `NoAdministrator`."""
    users = await admin.call("GET", "users")
    accounts = sorted(user["name"] for user in users if user["name"].startswith(ACCOUNT))
    unread = {queue.name: queue.ready for queue in await connections.broker.queues(accounts)}
    return [
        Form(
            name=account.removeprefix(ACCOUNT),
            source=form_source(account.removeprefix(ACCOUNT)),
            account=account,
            queue=account,
            unread=unread[account],
        )
        for account in accounts
    ]


async def add(connections: Connections, admin: BrokerAdmin, name: str, *, renew: bool, by: str, why: str) -> str:
    """Make the account of a form, with the queue of its answers; return its new password, which is stored nowhere else.

    With `renew` an existing account gets a new password and the rights of this version. Refuses with `Invalid` (the
    name), `FormKnown`, `BrokerAway`, `NoAdministrator` and `RefusedByBroker`.
    """
    if not is_form_name(name):
        raise Invalid.field(
            "name", "Donnez un nom de 40 caractères au plus\u00a0: minuscules sans accent, chiffres et tirets."
        )
    account, vhost, password = accounts.form(name), unquote(admin.vhost), secrets.token_urlsafe(32)
    user = account.name
    if await admin.call("GET", f"users/{user}") and not renew:
        raise FormKnown(name=name)
    async with connections.service(FRONT_DOOR).database.transaction() as tx:
        await _note(tx, Action.FORM_RENEW if renew else Action.FORM_ADD, name, by, why)
        await admin.call("PUT", f"queues/{admin.vhost}/{user}", _QUEUE)
        for answer in ANSWERS:
            binding = {"routing_key": f"{answer}.{name}"}
            await admin.call("POST", f"bindings/{admin.vhost}/e/{EXCHANGE}/q/{user}", binding)
        await admin.call("PUT", f"users/{user}", {"password": password, "tags": ""})
        for limit, value in LIMITS.items():
            await admin.call("PUT", f"user-limits/{user}/{limit}", {"value": value})
        for keys in account.topic_permissions(vhost):
            await admin.call("PUT", f"topic-permissions/{admin.vhost}/{user}", keys)
        await admin.call("PUT", f"permissions/{admin.vhost}/{user}", account.permission(vhost))
    return password


async def remove(connections: Connections, admin: BrokerAdmin, name: str, *, by: str, why: str) -> None:
    """End the account of a form, its connections, and its unread answers.

    Refuses with `NoSuchForm`, `BrokerAway` and `NoAdministrator`.
    """
    user = form_user(name)
    if not is_form_name(name) or await admin.call("GET", f"users/{user}") is None:
        raise NoSuchForm(name=name)
    async with connections.service(FRONT_DOOR).database.transaction() as tx:
        await _note(tx, Action.FORM_REMOVE, name, by, why)
        await admin.call("DELETE", f"users/{user}")
        await admin.call("DELETE", f"queues/{admin.vhost}/{user}")


def amqp_url(operators: str, name: str, password: str) -> str:
    """Return the address that the form connects to, out of the operators' own."""
    return str(URL(operators).with_user(form_user(name)).with_password(password).with_query(None))


async def _note(tx: Transaction, action: Action, name: str, by: str, why: str) -> None:
    await record.note(tx, by=by, action=action, target=form_source(name), why=why)
