"""The environment variables that every service reads; each service adds its own in `settings.py`."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, Final, Literal, Self

from pydantic import AfterValidator, Field, IPvAnyNetwork, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import production
from shared.allowance import Allowance
from shared.keys import SecretKeys
from shared.limits import Rate
from shared.production import Unsafe
from shared.secret_files import SettingsWithSecrets

LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
"""This machine's own networks."""


def _without_slash(url: str) -> str:
    if not url.startswith(("http://", "https://")):
        raise ValueError("give a full address that starts with http:// or https://")
    return url.rstrip("/")


WebAddress = Annotated[str, AfterValidator(_without_slash)]


class BrokerSettings(SettingsWithSecrets):
    """The broker, when all services of a process speak to it as one user."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    amqp_url: SecretStr | None = Field(
        None,
        description="RabbitMQ, for services without an address of their own; several nodes separated by commas",
    )
    broker_sources: dict[str, tuple[str, ...]] = Field({}, description="For all services without one of their own")


class ServiceSettings(SettingsWithSecrets):
    """What one service needs to know; a subclass gives the prefix: `model_config = prefixed("INTAKE")`."""

    model_config = SettingsConfigDict(extra="ignore", frozen=True, hide_input_in_errors=True)

    database_url: SecretStr = Field(description="PostgreSQL, as the role that runs the service (least privilege)")
    amqp_url: SecretStr | None = Field(
        default_factory=lambda: BrokerSettings().amqp_url,
        description="RabbitMQ, as this service's own user, written as AMQP_URL, which serves when not given",
    )
    broker_sources: dict[str, tuple[str, ...]] = Field(
        default_factory=lambda: BrokerSettings().broker_sources,
        description=(
            'Sources that broker users publish as whose names do not say so, such as {"party-95": '
            '["/qualification/95"]}; events of any other source are quarantined as forged'
        ),
    )
    host: str = Field("127.0.0.1", description="Address to listen on")
    port: int = Field(ge=1, le=65535, description="Port to listen on")
    public_url: WebAddress = Field(description="Where people reach the service; https:// makes cookies secure")
    secret_key: SecretKeys = Field(description="Signs and encrypts cookies; at least 32 characters; keep it secret")

    oidc_issuer: WebAddress | None = Field(None, description="OpenID Connect provider; without it nobody signs in")
    oidc_client_id: str = Field("", description="What the provider calls this service")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="The secret agreed with the provider")
    oidc_provider_name: str = Field("", description="What people call the provider, such as ProConnect")
    oidc_pkce: bool = Field(
        default=True, description="Send a PKCE challenge; switch it off if the provider does not know it"
    )
    oidc_emails_are_verified: bool = Field(
        default=True,
        description=(
            "Trust the provider's addresses when it does not say `email_verified` (ProConnect does not); "
            "an address said to be unverified is never trusted"
        ),
    )

    session_idle_minutes: int = Field(60, ge=1, description="A session that nobody used for so long is over")
    session_hours: int = Field(10, ge=1, description="No session lasts longer than this")
    requests_per_minute: int = Field(
        1200, ge=0, description="Requests that one process accepts from one address in a minute; 0 means no limit"
    )
    messages_per_request: int = Field(
        500, ge=1, description="Texts that one side (applicant, département, provider…) may write about one request"
    )
    characters_per_request: int = Field(
        1_000_000, ge=10_000, description="Characters that these texts may have together"
    )
    messages_per_day: int = Field(50, ge=1, description="Texts that one side may write about one request in 24 hours")
    body_limit: int = Field(1024 * 1024, ge=1024, description="Largest accepted request body, in bytes")
    header_seconds: float = Field(20, gt=0, description="Seconds for the headers of a request to arrive")
    body_seconds: float = Field(
        30, gt=0, description="Seconds that a request's body may let us wait, beside those of BODY_BYTES_PER_SECOND"
    )
    body_bytes_per_second: int = Field(8000, ge=1, description="Lowest rate of a request's body, after BODY_SECONDS")
    trusted_proxies: str = Field(
        "127.0.0.1", description="Addresses of reverse proxies whose X-Forwarded-* headers are believed"
    )

    monitoring_networks: tuple[IPvAnyNetwork, ...] = Field(
        LOOPBACK,
        description=(
            "Networks that may read /metrics, and what /health/ready says is missing: "
            '["127.0.0.0/8", "10.20.0.5/32"]; this machine unless given'
        ),
    )
    security_contact: str | None = Field(
        None,
        pattern=r"^(mailto:|https://)[!-~]+$",
        description="Who is told of a security flaw (mailto:… or https://…), published at /.well-known/security.txt",
    )

    @property
    def allowance(self) -> Allowance:
        """Return how much may be written about a request."""
        return Allowance(self.messages_per_request, self.characters_per_request, self.messages_per_day)

    @model_validator(mode="after")
    def _complete_provider(self) -> Self:
        if self.oidc_issuer and not (self.oidc_client_id and self.oidc_client_secret.get_secret_value()):
            raise ValueError("OIDC_ISSUER needs OIDC_CLIENT_ID and OIDC_CLIENT_SECRET")
        return self

    def unsafe(self) -> list[Unsafe]:
        """Return what is unsafe on the open Internet; a service adds what it alone has."""
        prefix = str(self.model_config.get("env_prefix", ""))
        values = {f"{prefix}{name.upper()}": getattr(self, name) for name in type(self).model_fields}
        found = list(production.of_owners())
        for setting, value in values.items():
            if setting.endswith("_URL") and isinstance(value, str):
                found += production.of_web_address(setting, value)
        found += production.of_web_address(f"{prefix}OIDC_ISSUER", self.oidc_issuer, code="sign_in_not_https")
        found += production.of_database(f"{prefix}DATABASE_URL", self.database_url)
        found += production.of_broker(f"{prefix}AMQP_URL", self.amqp_url)
        found += production.of_keys({key: value for key, value in values.items() if key.endswith("_KEY")})
        off = [f"{prefix}REQUESTS_PER_MINUTE"] if self.requests_per_minute == 0 else []
        off += [setting for setting, value in values.items() if isinstance(value, Rate) and not value.most]
        found += (Unsafe("limit_off", setting, "give a limit: anybody could use all of it") for setting in off)
        if "*" in self.trusted_proxies:
            advice = "name the proxies: anybody could claim any address"
            found.append(Unsafe("every_proxy_trusted", f"{prefix}TRUSTED_PROXIES", advice))
        named = "trusted_proxies" in self.model_fields_set
        found += production.of_listening(prefix, self.host, proxies_named=named)
        return found

    @property
    def secure(self) -> bool:
        """Return whether people reach the service over https."""
        return self.public_url.startswith("https://")


class LogSettings(BaseSettings):
    """How the process logs; common to all services."""

    model_config = SettingsConfigDict(env_prefix="COUSU_", extra="ignore", frozen=True, hide_input_in_errors=True)

    log_format: Literal["json", "console"] = Field("json", description="One JSON object a line, or for people's eyes")


class TraceSettings(BaseSettings):
    """Collector of traces; the name is OpenTelemetry's own, and its other variables apply too."""

    model_config = SettingsConfigDict(
        env_prefix="OTEL_EXPORTER_OTLP_", extra="ignore", frozen=True, env_ignore_empty=True
    )

    endpoint: WebAddress | None = Field(
        None,
        description="Collector of traces (OTLP over HTTP), such as http://127.0.0.1:4318; without it there are none",
    )


def prefixed(service: str) -> SettingsConfigDict:
    """Return the configuration of a service's settings: variables start with `<SERVICE>_`."""
    return SettingsConfigDict(env_prefix=f"{service}_", extra="ignore", frozen=True, hide_input_in_errors=True)
