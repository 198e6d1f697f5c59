"""Settings of operations: its own, and the addresses of the services' databases and of the broker."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from services.operations.domain.services import SERVICES
from services.operations.environment import MissingVariableError
from shared import production
from shared.production import Unsafe
from shared.secret_files import SettingsWithSecrets
from shared.settings import BrokerSettings, ServiceSettings, WebAddress, prefixed
from shared.tls import is_loopback


class OperationsSettings(ServiceSettings):
    """What the operator's page needs to run; variables start with `OPERATIONS_`."""

    model_config = prefixed("OPERATIONS")

    def unsafe(self) -> list[Unsafe]:
        """Add the databases of the services, and the credentials of the broker's management."""
        connections = ConnectionSettings()
        found = super().unsafe()
        for service in connections.services:
            found += production.of_database(f"{service.upper()}_OPERATIONS_URL", watched(service).operations_url)
            found += production.of_web_address(f"{service.upper()}_PUBLIC_URL", watched(service).public_url)
        management = connections.management_url.get_secret_value() if connections.management_url else ""
        for url in filter(None, management.split(",")):
            if not is_loopback(urlsplit(url.strip()).hostname):
                found += production.of_web_address("OPERATIONS_MANAGEMENT_URL", url.strip())
        return found


class ConnectionSettings(SettingsWithSecrets):
    """What the page and the command line look at; variables start with `OPERATIONS_`."""

    model_config = SettingsConfigDict(
        env_prefix="OPERATIONS_", extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True
    )

    services: Annotated[tuple[str, ...], NoDecode] = Field(
        SERVICES, description='Services that are looked after, such as "intake,qualification"; all four by default'
    )
    amqp_url: SecretStr | None = Field(
        default_factory=lambda: BrokerSettings().amqp_url,
        description="RabbitMQ, as a user who reads stray messages and publishes nothing; AMQP_URL when not given",
    )
    replay_url: SecretStr | None = Field(
        None,
        description="PostgreSQL, as a role that may create databases and no more: where `cousu-main replay` rebuilds",
    )
    management_url: SecretStr | None = Field(
        None,
        description="RabbitMQ's management API with user and password, for rates; several nodes separated by commas",
    )
    broker_admin_url: SecretStr | None = Field(
        None,
        description="RabbitMQ's management API with an administrator and its password, for `cousu-main form` alone",
    )
    broker_metrics_url: WebAddress | None = Field(
        None,
        description="RabbitMQ's Prometheus address, for depths; of a cluster all of them, separated by commas",
    )

    @field_validator("services", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        names = value.split(",") if isinstance(value, str) else value
        if not isinstance(names, list | tuple):
            return value
        known = tuple(dict.fromkeys(str(name).strip() for name in names if str(name).strip()))
        if unknown := set(known) - set(SERVICES):
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}; give some of {', '.join(SERVICES)}")
        return known


class WatchedSettings(SettingsWithSecrets):
    """Where one service is; variables start with its name, such as `INTAKE_OPERATIONS_URL`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    operations_url: SecretStr | None = Field(
        None, description="PostgreSQL of the service, as a role for operators; DATABASE_URL when not given"
    )
    database_url: SecretStr | None = Field(None, description="PostgreSQL, as the role that runs the service")
    public_url: WebAddress | None = Field(None, description="Where the service answers, to ask whether it is ready")
    operations_queue: str | None = Field(
        None, description="The queue that the service consumes; guessed from its name and départements when not given"
    )
    departements: str = Field("*", description="Départements served, which name the queue of a single one")

    def url(self, service: str, *, whole: bool = False) -> str:
        """Return the database's address, for operators or, to read `whole` tables, for the service itself.

        Raises `MissingVariableError`.
        """
        by_preference = (self.operations_url, self.database_url)
        address = next(filter(None, reversed(by_preference) if whole else by_preference), None)
        if address is None:
            raise MissingVariableError(
                f"{service.upper()}_OPERATIONS_URL is not set (nor {service.upper()}_DATABASE_URL). Set it, or start "
                "`make run` once in this folder, or name the services to look after in OPERATIONS_SERVICES."
            )
        return address.get_secret_value()

    def queue(self, service: str) -> str:
        """Return the queue that the service consumes."""
        if self.operations_queue:
            return self.operations_queue
        codes = [code.strip() for code in self.departements.split(",") if code.strip()]
        return f"{service}.{codes[0]}" if len(codes) == 1 and codes != ["*"] else service


def watched(service: str) -> WatchedSettings:
    """Read where one service is."""
    return WatchedSettings(_env_prefix=f"{service.upper()}_")
