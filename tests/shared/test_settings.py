"""Settings come from the environment, show no secret, and are refused with what to do."""

import pytest
from pydantic import SecretStr, ValidationError

from shared.settings import ServiceSettings, prefixed

GIVEN = {
    "TRIAL_DATABASE_URL": "postgresql://app@127.0.0.1/trial",
    "TRIAL_PORT": "8101",
    "TRIAL_PUBLIC_URL": "https://demandes.exemple.fr/",
    "TRIAL_SECRET_KEY": "s" * 32,
}


class TrialSettings(ServiceSettings):
    """The settings of a service called trial."""

    model_config = prefixed("TRIAL")


def read(patch: pytest.MonkeyPatch, **changes: str | None) -> ServiceSettings:
    """Read the settings from an environment."""
    for name, value in {**GIVEN, **changes}.items():
        patch.delenv(name, raising=False) if value is None else patch.setenv(name, value)
    return TrialSettings()


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, AMQP_URL="amqp://all@127.0.0.1/")
    assert settings.port == 8101
    assert settings.public_url == "https://demandes.exemple.fr"
    assert settings.secure
    assert settings.amqp_url == SecretStr("amqp://all@127.0.0.1/")
    assert read(monkeypatch, TRIAL_AMQP_URL="amqp://own@127.0.0.1/").amqp_url == SecretStr("amqp://own@127.0.0.1/")


def test_settings_do_not_show_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "ssss" not in repr(read(monkeypatch))
    assert "app@" not in repr(read(monkeypatch))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"TRIAL_SECRET_KEY": "short"}, "at least 32 characters"),
        ({"TRIAL_PUBLIC_URL": "demandes.exemple.fr"}, "full address"),
        ({"TRIAL_OIDC_ISSUER": "https://issuer"}, "OIDC_CLIENT_ID"),
        ({"TRIAL_DATABASE_URL": None}, "database_url"),
    ],
    ids=str,
)
def test_settings_that_cannot_work_are_refused_with_what_to_do(
    monkeypatch: pytest.MonkeyPatch, changes: dict[str, str | None], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        read(monkeypatch, **changes)
