"""The local sign-in provider: OpenID Connect with one click per persona, for one machine only."""

import argparse
import json
import logging
import os
import sys
from pathlib import Path

import flask
import jinja2
import oidc_provider_mock  # type: ignore[import-untyped]  # ships no types
import uvicorn
import werkzeug.debug

# The package offers no public way to name its clients, or ProConnect's scopes, in advance.
from oidc_provider_mock import _app as provider
from oidc_provider_mock._storage import (  # type: ignore[import-untyped]  # ships no types
    Client,
    ClientAllowAny,
    storage,
)

from deploy.local.environment import CLIENTS_VARIABLE
from deploy.local.personas import PERSONAS


def application(clients: dict[str, Client]) -> flask.Flask:
    """Build the provider with our personas, our clients and our pages."""
    users = [
        oidc_provider_mock.User(
            sub=persona.subject,
            claims={
                "email": persona.email,
                "email_verified": True,
                "given_name": persona.given_name,
                "usual_name": persona.usual_name,
                "name": persona.name,
            },
        )
        for persona in PERSONAS
    ]
    app: flask.Flask = oidc_provider_mock.app(require_client_registration=True, user_claims=users)
    app.debug = False
    if isinstance(app.wsgi_app, werkzeug.debug.DebuggedApplication):
        app.wsgi_app = app.wsgi_app.app  # type: ignore[method-assign,assignment]  # Flask documents this assignment
    app.jinja_loader = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
    provider._SCOPES_TO_CLAIMS["given_name"] = ["given_name"]  # noqa: SLF001 - ProConnect asks for it by this scope

    @app.before_request
    def _know_the_clients() -> None:
        for client in clients.values():
            storage.store_client(client)

    @app.context_processor
    def _know_the_personas() -> dict[str, object]:
        return {"personas": PERSONAS}

    return app


def clients_from(text: str) -> dict[str, Client]:
    """Read the clients out of the environment variable."""
    return {
        name: Client(
            id=name,
            secret=client["secret"],
            redirect_uris=client["redirect_uris"],
            allowed_scopes=(*Client.SCOPES_SUPPORTED, "given_name", "usual_name", "siret", "uid"),
            token_endpoint_auth_method=ClientAllowAny(),
        )
        for name, client in json.loads(text).items()
    }


def main() -> None:
    """Serve on loopback until a signal says stop."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, required=True)
    port = options.parse_args().port
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # http, because it never leaves the machine
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    uvicorn.run(
        application(clients_from(os.environ[CLIENTS_VARIABLE])),
        interface="wsgi",
        host="127.0.0.1",
        port=port,
        log_level="warning",
    )


if __name__ == "__main__":
    main()
