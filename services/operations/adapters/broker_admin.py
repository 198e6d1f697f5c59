"""Client of RabbitMQ's management API: creates and deletes accounts, queues and bindings."""

from typing import Any, Final
from urllib.parse import quote

import httpx2

from services.operations.adapters.broker import BrokerAway
from shared.errors import Conflict, Forbidden

PATIENCE: Final = 10.0
"""Seconds that one call may take."""

_NOT_FOUND: Final = 404
_REFUSED: Final = (401, 403)


class NoAdministrator(Forbidden):
    """The management API does not let this account change accounts (HTTP 403)."""

    code = "no_broker_administrator"
    title = "The account of the management API is no administrator"
    sentence = (
        "La messagerie refuse ce compte\u00a0: OPERATIONS_BROKER_ADMIN_URL doit nommer un compte de RabbitMQ qui porte "
        "l’étiquette «\u00a0administrator\u00a0», avec son mot de passe."
    )


class RefusedByBroker(Conflict):
    """The management API refuses what it is asked for."""

    code = "refused_by_broker"
    title = "RabbitMQ refuses the change"
    sentence = "La messagerie refuse cette modification ({reason}). Vérifiez que les services ont démarré une fois."


class BrokerAdmin:
    """Changes accounts, queues and bindings in one virtual host."""

    def __init__(self, url: str, vhost: str) -> None:
        """Take the address of the management API with user and password, and the virtual host."""
        address = httpx2.URL(url)
        self._auth = (address.username, address.password)
        self._base = str(address.copy_with(username=None, password=None)).rstrip("/")
        self.vhost: Final = quote(vhost, safe="")
        """As it stands in paths."""

    async def call(self, method: str, path: str, body: object = None) -> Any:
        """Call the API; return the decoded answer, or None where there is nothing (of that name).

        Refuses with `BrokerAway`, `NoAdministrator` and `RefusedByBroker`.
        """
        try:
            async with httpx2.AsyncClient(timeout=PATIENCE, auth=self._auth) as client:
                answer = await client.request(method, f"{self._base}/api/{path}", json=body)
        except httpx2.HTTPError as error:
            raise BrokerAway from error
        if answer.status_code in _REFUSED:
            raise NoAdministrator
        if answer.status_code == _NOT_FOUND and method in {"GET", "DELETE"}:
            return None
        if not answer.is_success:
            raise RefusedByBroker(reason=f"{answer.status_code}: {answer.text[:200]}")
        return answer.json() if answer.content else None
