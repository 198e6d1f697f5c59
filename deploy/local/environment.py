"""What each program of the embedded run is told by its environment, and the file that tells the command line."""

import os
from dataclasses import dataclass

from deploy.local.broker_users import OPERATOR, SERVICES
from deploy.local.passwords import Passwords, write_private
from deploy.local.places import REPOSITORY, Places
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit

OPERATIONS = "operations"
SIGN_IN_RETURNS_TO = "/connexion/retour"
CLIENTS_VARIABLE = "COUSU_IDENTITY_CLIENTS"
"""JSON: `{client_id: {"secret": …, "redirect_uris": […]}}`; in the environment, which others cannot read."""


@dataclass(frozen=True, slots=True)
class Environments:
    """What each program is told; `postgres` and `rabbit` are None where servers of the caller's own are used."""

    places: Places
    secrets: Passwords
    postgres: LocalPostgres | None
    rabbit: LocalRabbit | None

    def database_urls(self, service: str) -> tuple[str, str]:
        """Give the addresses of a service's database: to run with, and to migrate with."""
        name = service.upper()
        given = os.environ.get(f"{name}_DATABASE_URL")
        if given:
            return given, os.environ.get(f"{name}_MIGRATION_URL") or given
        if self.postgres is None:
            raise LookupError(f"{name}_DATABASE_URL is not set, and no PostgreSQL is embedded")
        database = f"cousu_{service}"
        return self.postgres.url(database, f"{service}_app"), self.postgres.url(database, f"{service}_owner")

    def amqp_url(self, user: str) -> str:
        """Give the broker's address for one of its users."""
        given = os.environ.get(f"{user.upper()}_AMQP_URL") or os.environ.get("AMQP_URL")
        if given:
            return given
        if self.rabbit is None:
            raise LookupError("AMQP_URL is not set, and no RabbitMQ is embedded")
        return self.rabbit.url(user)

    def of(self, service: str) -> dict[str, str]:
        """Give all variables of one service."""
        run, migrate = self.database_urls(service)
        return (
            self._common()
            | self._web(service)
            | {
                f"{service.upper()}_DATABASE_URL": run,
                f"{service.upper()}_MIGRATION_URL": migrate,
                f"{service.upper()}_AMQP_URL": self.amqp_url(service),
            }
        )

    def of_operations(self) -> dict[str, str]:
        """Give what operators' tools need: every service's database, and the broker as the operator."""
        told = self._common() | self._web(OPERATIONS) | {"OPERATIONS_AMQP_URL": self.amqp_url(OPERATOR)}
        for service in SERVICES:
            told[f"{service.upper()}_DATABASE_URL"], told[f"{service.upper()}_MIGRATION_URL"] = self.database_urls(
                service
            )
            told[f"{service.upper()}_AMQP_URL"] = self.amqp_url(service)
            told[f"{service.upper()}_PUBLIC_URL"] = self.places.web(service)
        if self.rabbit is not None:
            user, password = OPERATOR, self.rabbit.passwords.of(OPERATOR)
            told["OPERATIONS_MANAGEMENT_URL"] = f"http://{user}:{password}@127.0.0.1:{self.places.ports['management']}"
            told["OPERATIONS_BROKER_METRICS_URL"] = self.places.web("broker_metrics")
        return told

    def clients(self) -> dict[str, dict[str, object]]:
        """Give what the sign-in provider must know about those who send people to it."""
        return {
            f"cousu-{name}": {
                "secret": self.secrets.of(f"{name}.oidc"),
                "redirect_uris": [
                    f"http://{host}:{self.places.ports[name]}{SIGN_IN_RETURNS_TO}"
                    for host in ("127.0.0.1", "localhost")
                ],
            }
            for name in (*SERVICES, OPERATIONS)
        }

    def write(self) -> None:
        """Leave the operators' variables for `cousu-main` in another terminal, readable by their owner only."""
        told = self.of_operations()
        write_private(self.places.environment, "".join(f"{key}={value}\n" for key, value in sorted(told.items())))

    def endpoints(self) -> dict[str, str]:
        """Give what runs where, for programs; `amqp` and `postgres` open everything, so the file is private."""
        web = (*SERVICES, OPERATIONS, "mail", "identity")
        told = {name: self.places.web(name) for name in web} | {"smtp": f"smtp://127.0.0.1:{self.places.ports['smtp']}"}
        if self.rabbit is not None:
            told["management"] = self.places.web("management")
            told["broker_metrics"] = self.places.web("broker_metrics")
        told["amqp"] = self.amqp_url("supervisor")
        told["postgres"] = self.postgres.url("postgres") if self.postgres else self.database_urls("intake")[0]
        return told

    def _common(self) -> dict[str, str]:
        """Give what all programs are told alike."""
        return {
            "COUSU_LOG_FORMAT": os.environ.get("COUSU_LOG_FORMAT", "json"),
            "COUSU_TERRITORIES": os.environ.get("COUSU_TERRITORIES", str(TERRITORIES)),
            "COUSU_LINK_KEY": self.secrets.of("links"),
            "QUALIFICATION_DEPARTEMENTS": os.environ.get("QUALIFICATION_DEPARTEMENTS", "*"),
            "NOTIFICATIONS_SMTP_URL": os.environ.get(
                "NOTIFICATIONS_SMTP_URL", f"smtp://127.0.0.1:{self.places.ports['smtp']}"
            ),
        }

    def _web(self, name: str) -> dict[str, str]:
        """Give what everything that shows pages is told."""
        prefix = name.upper()
        return {
            f"{prefix}_HOST": "127.0.0.1",
            f"{prefix}_PORT": str(self.places.ports[name]),
            f"{prefix}_PUBLIC_URL": self.places.web(name),
            f"{prefix}_SECRET_KEY": self.secrets.of(f"{name}.cookies"),
            f"{prefix}_OIDC_ISSUER": self.places.web("identity"),
            f"{prefix}_OIDC_CLIENT_ID": f"cousu-{name}",
            f"{prefix}_OIDC_CLIENT_SECRET": self.secrets.of(f"{name}.oidc"),
        }


TERRITORIES = REPOSITORY / "node_modules" / "@etalab" / "decoupage-administratif"
