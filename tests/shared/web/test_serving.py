"""A service that runs: settings, start, stop; and what the browser keeps for us."""

import asyncio
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from litestar import Litestar
from pydantic import SecretStr, ValidationError

from shared import clock
from shared.settings import ServiceSettings, prefixed
from shared.web.encrypted_tokens import TokenCipher
from shared.web.server import serve
from tests.polling import eventually

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


async def test_a_signal_stops_the_service_and_gives_control_back(
    make_application: Callable[..., Litestar],
    make_settings: Callable[..., ServiceSettings],
    free_ports: Callable[[int], list[int]],
) -> None:
    port = free_ports(1)[0]
    running = asyncio.create_task(serve(make_application(), make_settings(port=port)))

    async def live() -> bool:
        async with httpx2.AsyncClient() as outside:
            try:
                answer = await outside.get(f"http://127.0.0.1:{port}/health/live")
            except httpx2.HTTPError:
                return False
        return answer.status_code == 200

    await eventually(live)
    os.kill(os.getpid(), signal.SIGTERM)
    async with asyncio.timeout(10):
        await running
    assert not await live()


def test_what_is_sealed_opens_once_more_only_for_its_purpose_and_in_time() -> None:
    cipher, now = TokenCipher("s" * 32, purpose="sign-in"), clock.now()
    value: dict[str, Any] = {"state": "été"}
    sealed = cipher.encrypt(value, at=now, lifetime=timedelta(minutes=1))
    assert cipher.decrypt(sealed, at=now) == value
    assert cipher.decrypt(sealed, at=now + timedelta(minutes=1)) is None
    assert TokenCipher("s" * 32, purpose="sign-out").decrypt(sealed, at=now) is None
    assert TokenCipher("t" * 32, purpose="sign-in").decrypt(sealed, at=now) is None
    for spoiled in ("", "x", sealed[:-2], sealed.replace(".", "", 1), "é", f"{sealed}A"):
        assert cipher.decrypt(spoiled, at=now) is None
