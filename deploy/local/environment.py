"""Environment variables of each program of the embedded run, and the file with those of the command line."""

import json
import os
from dataclasses import dataclass

from deploy.local.broker import OwnBroker
from deploy.local.passwords import Passwords, write_private
from deploy.local.places import REPOSITORY, Places
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from services.intake.settings import Settings as IntakeSettings
from services.notifications.settings import Settings as NotificationsSettings
from shared.contracts.vocabulary import Programme
from shared.messaging.accounts import OPERATOR, SERVICES, SUPERVISOR
from shared.messaging.connection import user_of
from shared.settings import ServiceSettings

OPERATIONS = "operations"
REPLAY = "replay"
"""The database role that may make databases of its own, to rebuild a service in."""
DATABASES = (*SERVICES, OPERATIONS)
DEMONSTRATION = "COUSU_DEMO"
"""`1` loads personas and the demonstration, `0` does not; without it they are loaded into embedded databases alone."""
EMBEDDED = "COUSU_EMBEDDED_POSTGRES"
"""Tells the demonstration's commands which databases are the embedded server's, by its host and port."""
SIGN_IN_RETURNS_TO = "/connexion/retour"
CLIENTS_VARIABLE = "COUSU_IDENTITY_CLIENTS"
"""JSON: `{client_id: {"secret": …, "redirect_uris": […]}}`; in the environment, which others cannot read."""


TERRITORIES = REPOSITORY / "node_modules" / "@etalab" / "decoupage-administratif"

KEYS_OF_LINKS = {
    "tracking": ("intake", "notifications"),
    "document": ("intake", "qualification", "escalation"),
    "mandate": ("intake", "qualification"),
    "orientation": ("qualification", "notifications"),
    "reply": ("notifications",),
    "webhook": ("notifications",),
}
"""Which services share the key of which secret links."""

SENDS_PEOPLE_TO = {
    "intake": ("qualification", "escalation", "notifications"),
    "qualification": ("notifications",),
    "escalation": ("notifications",),
    "notifications": ("qualification", "escalation"),
}
"""Which services name pages of which other one."""

MAILBOXES = {
    "NOTIFICATIONS_NATIONAL_MAILBOX": "national@cousu.test",
    "NOTIFICATIONS_COMMITTEE_MAILBOX": "comite@cousu.test",
    "NOTIFICATIONS_OPERATOR_MAILBOX": "exploitant@cousu.test",
    "NOTIFICATIONS_DELEGATE_MAILBOXES": json.dumps({"95": "delegue95@cousu.test", "78": "delegue78@cousu.test"}),
    "NOTIFICATIONS_PROGRAMME_MAILBOXES": json.dumps(
        {programme.value: "programme@cousu.test" for programme in Programme}
    ),
    "NOTIFICATIONS_DEPARTEMENT_SERVICES": json.dumps(
        {
            code: {
                "name": f"Service de l’accompagnement des territoires – DDT {code}",
                "email": f"sat{code}@cousu.test",
            }
            for code in ("78", "95")
        }
    ),
}
"""Whom the demonstration writes to; nothing leaves the mail sink."""

REPLY_DOMAIN = "reponses.cousu.test"
"""Where answers to the demonstration's mails are addressed; deliver them by hand."""

THIS_MACHINE = json.dumps(["127.0.0.0/8"])
"""Where a program that subscribes to the demonstration's events may be, beside the Internet."""

NO_LIMIT = "0"
PROGRAMS_MAY_ASK = "60000"
"""Requests a minute from one address: on one machine everybody comes from the same one, load tests included."""

DEMONSTRATION_ENVELOPE_CENTS = "100000000"
"""What each département of the demonstration may spend in a year: one million euros."""


@dataclass(frozen=True, slots=True)
class Environments:
    """Makes the variables of each program; `postgres` and `rabbit` are None for servers of the caller's own."""

    places: Places
    secrets: Passwords
    postgres: LocalPostgres | None
    rabbit: OwnBroker | None

    @property
    def embedded(self) -> bool:
        """Return whether all databases are those of the embedded server."""
        return self.postgres is not None and not any(
            os.environ.get(f"{name.upper()}_DATABASE_URL") for name in DATABASES
        )

    @property
    def demonstrates(self) -> bool:
        """Return whether personas, their sign-in and the demonstration are wanted; by default if embedded."""
        wanted = os.environ.get(DEMONSTRATION, "").strip()
        return wanted == "1" if wanted else self.embedded

    def database_urls(self, name: str) -> tuple[str, str]:
        """Return the addresses of a database: to run with, and to migrate with."""
        given = os.environ.get(f"{name.upper()}_DATABASE_URL")
        if given:
            return given, os.environ.get(f"{name.upper()}_MIGRATION_URL") or given
        if self.postgres is None:
            raise LookupError(f"{name.upper()}_DATABASE_URL is not set, and no PostgreSQL is embedded")
        database = f"cousu_{name}"
        return self.postgres.url(database, f"{name}_app"), self.postgres.url(database, f"{name}_owner")

    def operators_url(self, name: str) -> str:
        """Return the address of a service's database as operators use it: a role of their own where it is ours."""
        given = os.environ.get(f"{name.upper()}_OPERATIONS_URL") or os.environ.get(f"{name.upper()}_DATABASE_URL")
        if given or self.postgres is None:
            return given or self.database_urls(name)[0]
        return self.postgres.url(f"cousu_{name}", f"{name}_operators")

    def amqp_url(self, user: str) -> str:
        """Return the broker's address for one of its users."""
        given = os.environ.get(f"{user.upper()}_AMQP_URL") or os.environ.get("AMQP_URL")
        if given:
            return given
        if self.rabbit is None:
            raise LookupError("AMQP_URL is not set, and no RabbitMQ is embedded")
        return self.rabbit.url(user)

    def broker_sources(self) -> dict[str, list[str]]:
        """Return the sources of the users of a broker of the caller's own, who may be one for several services.

        What is given for a user stands for what its name says: it holds the source of each service that the user is of.
        """
        sources: dict[str, list[str]] = {}
        for service in SERVICES:
            sources.setdefault(user_of(self.amqp_url(service)), []).append(f"/{service}")
        return {user: given for user, given in sources.items() if given != [f"/{user}"]}

    def of(self, service: str) -> dict[str, str]:
        """Return all variables of one service, and no secret of another."""
        prefix = service.upper()
        variables = self._common() | self._web(service) | self._links(service)
        variables[f"{prefix}_DATABASE_URL"] = self.database_urls(service)[0]
        variables[f"{prefix}_AMQP_URL"] = self.amqp_url(service)
        variables["BROKER_SOURCES"] = json.dumps(self.broker_sources())
        if service == "intake":
            variables["INTAKE_DOCUMENTS_FOLDER"] = self._documents()
            variables |= _lifted_limits("INTAKE", IntakeSettings)
            if self.demonstrates:
                variables["INTAKE_FIGURES_EVERY"] = "moment"
        if service == "qualification":
            variables["QUALIFICATION_DEPARTEMENTS"] = "*"
            if self.demonstrates:
                variables["QUALIFICATION_ENVELOPE_CENTS"] = DEMONSTRATION_ENVELOPE_CENTS
        if service == "notifications":
            variables |= {
                "NOTIFICATIONS_SMTP_URL": f"smtp://127.0.0.1:{self.places.ports['smtp']}",
                "NOTIFICATIONS_INBOUND_MAIL": self._inbound_mail(),
                "NOTIFICATIONS_REPLY_DOMAIN": REPLY_DOMAIN,
                "NOTIFICATIONS_PER_MINUTE": "{}",  # the mail sink is ours and bears anything
                "NOTIFICATIONS_WEBHOOK_NETWORKS": THIS_MACHINE,
                **(MAILBOXES if self.demonstrates else {}),
                **_lifted_limits("NOTIFICATIONS", NotificationsSettings),
            }
        return _unless_given(variables)

    def of_operations(self) -> dict[str, str]:
        """Return what operators' page needs: every service's database and the broker, as operators."""
        variables = self._common() | self._web(OPERATIONS)
        variables["OPERATIONS_DATABASE_URL"] = self.database_urls(OPERATIONS)[0]
        variables["OPERATIONS_AMQP_URL"] = self.amqp_url(OPERATOR)
        for service in SERVICES:
            variables[f"{service.upper()}_OPERATIONS_URL"] = self.operators_url(service)
            variables[f"{service.upper()}_PUBLIC_URL"] = self.places.web(service)
        if self.rabbit is not None:
            nodes = self.rabbit.nodes
            variables["OPERATIONS_MANAGEMENT_URL"] = ",".join(self._management(node, OPERATOR) for node in nodes)
            variables["OPERATIONS_BROKER_METRICS_URL"] = ",".join(
                f"http://127.0.0.1:{node.prometheus_port}" for node in nodes
            )
        return _unless_given(variables)

    def of_command_line(self) -> dict[str, str]:
        """Return what `cousu-main` needs beside that: to migrate, back up, restore, rebuild, and enrol agents."""
        variables = self.of_operations() | {"INTAKE_DOCUMENTS_FOLDER": self._documents()}
        for name in DATABASES:
            run, migrate = self.database_urls(name)
            variables |= {f"{name.upper()}_DATABASE_URL": run, f"{name.upper()}_MIGRATION_URL": migrate}
        if self.postgres is not None:
            variables["OPERATIONS_REPLAY_URL"] = self.postgres.url("postgres", REPLAY)
            variables[EMBEDDED] = f"127.0.0.1:{self.postgres.port}"
        return _unless_given(variables)

    def clients(self) -> dict[str, dict[str, object]]:
        """Return what the sign-in provider must know about those who send people to it."""
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
        variables = self.of_command_line()
        # For the command line alone: the page does without.
        variables["SUPERVISOR_AMQP_URL"] = self.amqp_url(SUPERVISOR)
        if self.rabbit is not None:
            variables["OPERATIONS_BROKER_ADMIN_URL"] = self._management(self.rabbit.nodes[0], SUPERVISOR)
        write_private(self.places.environment, "".join(f"{key}={value}\n" for key, value in sorted(variables.items())))

    def endpoints(self) -> dict[str, str]:
        """Return what runs where, for programs; `amqp` and `postgres` open everything, so the file is private."""
        web = (*SERVICES, OPERATIONS, "mail", *(["identity"] if self.demonstrates else []))
        endpoints = {name: self.places.web(name) for name in web} | {
            "smtp": f"smtp://127.0.0.1:{self.places.ports['smtp']}"
        }
        if self.rabbit is not None:
            endpoints["management"] = self.places.web("management")
            endpoints["broker_metrics"] = self.places.web("broker_metrics")
        endpoints["replies"] = self._inbound_mail()
        endpoints["amqp"] = self.amqp_url(SUPERVISOR)
        endpoints["postgres"] = self.postgres.url("postgres") if self.postgres else self.database_urls("intake")[0]
        return endpoints

    def _management(self, node: LocalRabbit, user: str) -> str:
        """Return the address of a node's management API for one of the broker's users."""
        return f"http://{user}:{node.passwords.of(user)}@127.0.0.1:{node.management_port}"

    def _inbound_mail(self) -> str:
        """Return where answers to mails are taken in."""
        return f"smtp://127.0.0.1:{self.places.ports['replies']}"

    def _documents(self) -> str:
        """Return the folder of intake's documents, which a backup copies."""
        return str(self.places.folder / "documents")

    def _common(self) -> dict[str, str]:
        """Return the variables that all programs have."""
        return {"COUSU_ENVIRONMENT": "local", "COUSU_LOG_FORMAT": "json", "COUSU_TERRITORIES": str(TERRITORIES)}

    def _web(self, name: str) -> dict[str, str]:
        """Return the variables of programs that show pages."""
        prefix = name.upper()
        variables = {
            f"{prefix}_HOST": "127.0.0.1",
            f"{prefix}_PORT": str(self.places.ports[name]),
            f"{prefix}_PUBLIC_URL": self.places.web(name),
            f"{prefix}_REQUESTS_PER_MINUTE": PROGRAMS_MAY_ASK,
            f"{prefix}_SECRET_KEY": self.secrets.of(f"{name}.cookies"),
        }
        if self.demonstrates:
            variables |= {
                f"{prefix}_OIDC_ISSUER": self.places.web("identity"),
                f"{prefix}_OIDC_CLIENT_ID": f"cousu-{name}",
                f"{prefix}_OIDC_CLIENT_SECRET": self.secrets.of(f"{name}.oidc"),
            }
        return variables

    def _links(self, service: str) -> dict[str, str]:
        """Return the keys of the secret links that a service makes or reads, and the addresses it sends people to."""
        prefix = service.upper()
        variables = {
            f"{prefix}_{purpose.upper()}_KEY": self.secrets.of(f"links.{purpose}")
            for purpose, sharers in KEYS_OF_LINKS.items()
            if service in sharers
        }
        return variables | {
            f"{prefix}_{other.upper()}_URL": self.places.web(other)
            for other, senders in SENDS_PEOPLE_TO.items()
            if service in senders
        }


def _lifted_limits(prefix: str, settings: type[ServiceSettings]) -> dict[str, str]:
    """Lift the limits per address and per mail address; those per request stay.

    On one machine everybody comes from the same address, and the people of the demonstration share few mailboxes.
    """
    return {
        f"{prefix}_{name.upper()}": NO_LIMIT
        for name in settings.model_fields
        if name.startswith("limit_") and not name.endswith("_per_request")
    }


def _unless_given(variables: dict[str, str]) -> dict[str, str]:
    """Let the caller's own environment win, except for the addresses on which a program listens."""
    return {
        key: value if key.endswith(("_HOST", "_PORT")) else os.environ.get(key) or value
        for key, value in variables.items()
    }
