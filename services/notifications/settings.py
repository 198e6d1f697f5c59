"""Every environment variable of the notifications service; those common to all services are in shared.settings."""

from collections.abc import Mapping
from email.utils import parseaddr
from typing import Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator

from services.notifications.domain.directory import VAL_D_OISE, Directory, ServiceInCharge
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Programme
from shared.settings import SHORTEST_SECRET, ServiceSettings, WebAddress, prefixed

_SCHEMES = ("smtp", "smtp+starttls", "smtps")


class Settings(ServiceSettings):
    """What notifications needs to know. Variables start with `NOTIFICATIONS_`; objects are given as JSON."""

    model_config = prefixed("NOTIFICATIONS")

    smtp_url: SecretStr = Field(
        SecretStr("smtp://127.0.0.1:8108"),
        description=(
            "The mail server: smtp:// (no encryption, for a server on the same machine), smtp+starttls:// or smtps:// "
            "(both verify the certificate), with user:password@ where it wants them"
        ),
    )
    smtp_timeout: float = Field(60, gt=0, le=120, description="Seconds to wait for each answer of the mail server")
    sender: str = Field(
        "Cousu-main <ne-pas-repondre@cousu.test>", description="Who mails come from, as `Name <address>`"
    )
    senders: int = Field(4, ge=0, le=50, description="Mails sent at the same time; 0 sends none from this process")

    intake_url: WebAddress = Field(description="Where applicants reach intake")
    qualification_url: WebAddress = Field(description="Where agents of the départements and providers go")
    escalation_url: WebAddress = Field(description="Where the national team goes")
    tracking_key: SecretStr = Field(description="Makes tracking links; the same as INTAKE_TRACKING_KEY")
    orientation_key: SecretStr = Field(
        description="Makes links of providers and parties; as QUALIFICATION_ORIENTATION_KEY"
    )

    departement_services: Mapping[str, ServiceInCharge] = Field(
        default_factory=dict,
        description=(
            'Services in charge by département: {"78": {"name": …, "address": …, "email": …, "phone": …}}; '
            "the Val-d'Oise's published one is known; others are learned from what they tell"
        ),
    )
    delegate_mailboxes: Mapping[str, Email] = Field(
        default_factory=dict, description='Mailboxes of the délégués by département: {"95": "…@…"}'
    )
    programme_mailboxes: Mapping[Programme, Email] = Field(
        default_factory=dict, description='Mailboxes of the national programmes: {"france_services": "…@…"}'
    )
    national_mailbox: Email | None = Field(None, description="Mailbox of the national team")
    operator_mailbox: Email | None = Field(None, description="Mailbox of those who run the service")

    @field_validator("smtp_url")
    @classmethod
    def _known_server(cls, value: SecretStr) -> SecretStr:
        parts = urlsplit(value.get_secret_value())
        if parts.scheme not in _SCHEMES or not parts.hostname:
            raise ValueError("give smtp://host:port, smtp+starttls://host:port or smtps://host:port")
        if parts.scheme == "smtp" and parts.password and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
            raise ValueError("a password needs smtp+starttls:// or smtps://")
        return value

    @field_validator("sender")
    @classmethod
    def _an_address(cls, value: str) -> str:
        _, address = parseaddr(value)
        if "@" not in address or any(ord(letter) < ord(" ") for letter in value):
            raise ValueError("give `Name <address>` on one line")
        return value

    @model_validator(mode="after")
    def _long_enough_keys(self) -> Self:
        for key in (self.tracking_key, self.orientation_key):
            if len(key.get_secret_value()) < SHORTEST_SECRET:
                raise ValueError(f"give keys of at least {SHORTEST_SECRET} characters")
        return self

    def directory(self) -> Directory:
        """Give the addresses that were configured."""
        return Directory(
            services={"95": VAL_D_OISE, **self.departement_services},
            delegates=dict(self.delegate_mailboxes),
            programmes={str(programme): address for programme, address in self.programme_mailboxes.items()},
            national=self.national_mailbox,
            operator=self.operator_mailbox,
        )

    def mail_server(self) -> "MailServerAddress":
        """Read the mail server's address."""
        return MailServerAddress(self.smtp_url.get_secret_value())


class MailServerAddress:
    """The parts of `SMTP_URL`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.tls = parts.scheme == "smtps"
        self.starttls = parts.scheme == "smtp+starttls"
        self.port = parts.port or {"smtps": 465, "smtp+starttls": 587}.get(parts.scheme, 25)
        self.user = unquote(parts.username) if parts.username else None
        self.password = unquote(parts.password) if parts.password else None
