"""Environment variables of the notifications service; those of all services are in `shared.settings`."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parseaddr
from pathlib import Path
from typing import Self
from urllib.parse import unquote, urlsplit

from pydantic import Field, IPvAnyNetwork, SecretStr, field_validator, model_validator

from services.notifications.domain.deliveries import EVERY_DOMAIN
from services.notifications.domain.directory import Directory, ServiceInCharge
from services.notifications.domain.return_addresses import ReturnAddresses
from services.notifications.domain.webhooks import Secrets
from shared import production
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Programme
from shared.keys import SecretKeys
from shared.limits import Rate, RateSetting
from shared.production import Unsafe
from shared.settings import LOOPBACK, ServiceSettings, WebAddress, prefixed
from shared.tls import is_loopback

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
    attach_letters: bool = Field(
        True, description="Attach acknowledgements and letters as PDF files; mails lead to the page alone without"
    )
    senders: int = Field(4, ge=0, le=50, description="Mails sent at the same time; 0 sends none from this process")
    per_minute: Mapping[str, int] = Field(
        default_factory=lambda: {EVERY_DOMAIN: 600},
        description=(
            'Mails a minute to one domain of recipients, by all copies together: {"orange.fr": 60, "*": 600}; '
            "`*` is every other domain, 0 sets no limit"
        ),
    )
    limit_mails_per_recipient: RateSetting = Field(
        Rate.parse("20/d"),
        description="Acknowledgements and invitations to one mail address; those above it wait until the next day",
    )

    reply_domain: str | None = Field(
        None,
        pattern=r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$",
        description=(
            "Domain of the addresses to which people answer and mail servers report; its mail server hands all that is "
            "for it to INBOUND_MAIL. Without it answers go to the service in charge and reports to the sender"
        ),
    )
    reply_key: SecretKeys | None = Field(
        None, description="Seals those addresses; keep it, or old mails have no answer"
    )
    inbound_mail: str | None = Field(
        None, description="Where the mail of REPLY_DOMAIN is taken in: smtp://host:port or lmtp://host:port"
    )
    inbound_mail_networks: tuple[IPvAnyNetwork, ...] = Field(
        LOOPBACK,
        description='Networks of the mail servers that may deliver there: ["10.20.0.5/32"]; this machine unless given',
    )

    authserv_id: str = Field(
        "",
        max_length=255,
        description=(
            "Name under which the receiving mail server writes `Authentication-Results`; it must take out of incoming "
            "mails what others wrote under it (RFC 8601). Without it SPF, DKIM and DMARC are not looked at"
        ),
    )

    webhook_key: SecretKeys | None = Field(
        None, description="Makes the secrets of partners' subscriptions; without it there are none"
    )
    webhook_networks: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description=(
            'Networks that are not public and where partners\' programs may be all the same: ["10.20.0.0/16"]; '
            "there http:// is allowed too"
        ),
    )
    webhook_senders: int = Field(
        50, ge=0, le=500, description="Partners' programs served at the same time; 0 serves none here"
    )

    intake_url: WebAddress = Field(description="Where applicants reach intake")
    qualification_url: WebAddress = Field(description="Where agents of the départements and providers go")
    escalation_url: WebAddress = Field(description="Where the national team goes")
    tracking_key: SecretKeys = Field(description="Makes tracking links; the same as INTAKE_TRACKING_KEY")
    orientation_key: SecretKeys = Field(
        description="Makes links of providers and parties; as QUALIFICATION_ORIENTATION_KEY"
    )

    departements_file: Path = Field(
        Path(__file__).parent / "departements.toml",
        description="TOML file with the services in charge by département: [95], name, address, email, phone",
    )
    departement_services: Mapping[str, ServiceInCharge] = Field(
        default_factory=dict,
        description=(
            'Services in charge by département: {"78": {"name": …, "address": …, "email": …, "phone": …}}; '
            "they go before those of DEPARTEMENTS_FILE; others are known from their events"
        ),
    )
    delegate_mailboxes: Mapping[str, Email] = Field(
        default_factory=dict, description='Mailboxes of the délégués by département: {"95": "…@…"}'
    )
    programme_mailboxes: Mapping[Programme, Email] = Field(
        default_factory=dict, description='Mailboxes of the national programmes: {"france_services": "…@…"}'
    )
    committee_mailbox: Email | None = Field(None, description="Mailbox of the committee's members")
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

    @field_validator("per_minute")
    @classmethod
    def _limits(cls, value: Mapping[str, int]) -> Mapping[str, int]:
        if any(most < 0 for most in value.values()):
            raise ValueError("give numbers from 0")
        return {domain.lower(): most for domain, most in value.items()}

    @field_validator("inbound_mail")
    @classmethod
    def _an_inbound_address(cls, value: str | None) -> str | None:
        if value is not None:
            InboundMailAddress.of(value)
        return value

    @model_validator(mode="after")
    def _whole_way_back(self) -> Self:
        if self.reply_domain and (self.reply_key is None or self.inbound_mail is None):
            raise ValueError("REPLY_DOMAIN needs REPLY_KEY and INBOUND_MAIL")
        return self

    def unsafe(self) -> list[Unsafe]:
        """Add how mails leave."""
        found = super().unsafe()
        found += production.of_mail_address("NOTIFICATIONS_SENDER", self.sender)
        server = self.mail_server()
        if not (server.tls or server.starttls or is_loopback(server.host)):
            advice = "give smtp+starttls:// or smtps://: the server is on another machine"
            found.append(Unsafe("mail_server_not_tls", "NOTIFICATIONS_SMTP_URL", advice))
        return found

    def directory(self) -> Directory:
        """Return the addresses that were configured."""
        return Directory(
            services={**read_services(self.departements_file), **self.departement_services},
            delegates=dict(self.delegate_mailboxes),
            programmes={str(programme): address for programme, address in self.programme_mailboxes.items()},
            committee=self.committee_mailbox,
            national=self.national_mailbox,
            operator=self.operator_mailbox,
        )

    def returns(self) -> ReturnAddresses | None:
        """Return the addresses that lead back to mails, if mail reaches us."""
        if self.reply_domain is None or self.reply_key is None:
            return None
        return ReturnAddresses(self.reply_domain, self.reply_key.get_secret_value())

    def webhook_secrets(self) -> Secrets | None:
        """Return what makes the secrets of subscriptions, if there may be any."""
        return Secrets(self.webhook_key.get_secret_value()) if self.webhook_key else None

    def mail_server(self) -> "MailServerAddress":
        """Read the mail server's address."""
        return MailServerAddress(self.smtp_url.get_secret_value())


def read_services(path: Path) -> dict[str, ServiceInCharge]:
    """Read the services in charge of a file, by département."""
    with path.open("rb") as file:
        return {code: ServiceInCharge.model_validate(entry) for code, entry in tomllib.load(file).items()}


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


@dataclass(frozen=True, slots=True)
class InboundMailAddress:
    """Where inbound mail is accepted: `smtp` or `lmtp`, a host and a port."""

    protocol: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "InboundMailAddress":
        """Read `smtp://host:port` or `lmtp://host:port`."""
        parts = urlsplit(url)
        if parts.scheme not in {"smtp", "lmtp"} or not parts.hostname or parts.port is None:
            raise ValueError("give smtp://host:port or lmtp://host:port")
        return cls(parts.scheme, parts.hostname, parts.port)
