"""A service that was started without a word is in production, and does not start when that is unsafe."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

import pytest

from services.intake.settings import Settings as IntakeSettings
from services.notifications.settings import Settings as NotificationsSettings
from services.operations.adapters import migrations
from services.operations.environment import variable
from services.operations.settings import OperationsSettings, watched
from shared import sockets, tls
from shared.db import Database

ROOT: Final = Path(__file__).resolve().parents[2]

SAFE: Final = {
    "NOTIFICATIONS_DATABASE_URL": "postgresql://notifications_app:x@db.interieur.gouv.fr/n?sslmode=verify-full",
    "NOTIFICATIONS_AMQP_URL": "amqps://notifications:x@mq1.interieur.gouv.fr/,amqps://notifications:x@mq2.interieur.gouv.fr/",
    "NOTIFICATIONS_PORT": "8104",
    "NOTIFICATIONS_PUBLIC_URL": "https://messages.cousu-main.gouv.fr",
    "NOTIFICATIONS_INTAKE_URL": "https://demandes.cousu-main.gouv.fr",
    "NOTIFICATIONS_QUALIFICATION_URL": "https://instruction.cousu-main.gouv.fr",
    "NOTIFICATIONS_ESCALATION_URL": "https://national.cousu-main.gouv.fr",
    "NOTIFICATIONS_OIDC_ISSUER": "https://auth.agentconnect.gouv.fr/api/v2",
    "NOTIFICATIONS_OIDC_CLIENT_ID": "cousu",
    "NOTIFICATIONS_OIDC_CLIENT_SECRET": "b2Rc3PzGkQ7Yx9",
    "NOTIFICATIONS_SMTP_URL": "smtp+starttls://relais.interieur.gouv.fr:587",
    "NOTIFICATIONS_SENDER": "Cousu-main <ne-pas-repondre@cousu-main.gouv.fr>",
    "NOTIFICATIONS_SECRET_KEY": "2027:5f0d7c3b9a8e4f126d7b0c9a3e5f81d2,c4a2e9f07b1d36588f3e6a90d1b7c52e",
    "NOTIFICATIONS_TRACKING_KEY": "9b8c7d6e5f4a3b2c1d0e9f8a7b6c5d4e",
    "NOTIFICATIONS_ORIENTATION_KEY": "0a1b2c3d4e5f60718293a4b5c6d7e8f9",
}


@pytest.fixture(autouse=True)
def nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("NOTIFICATIONS_", "OPERATIONS_", "INTAKE_", "AMQP_")) or name.endswith("_MIGRATION_URL"):
            monkeypatch.delenv(name)
    for name, value in SAFE.items():
        monkeypatch.setenv(name, value)


def unsafe() -> list[tuple[str, str]]:
    return [(one.code, one.setting) for one in NotificationsSettings().unsafe()]


def test_a_safe_production_is_not_found_fault_with() -> None:
    assert unsafe() == []


@pytest.mark.parametrize(
    ("setting", "value", "code"),
    [
        ("PUBLIC_URL", "http://messages.cousu-main.gouv.fr", "address_not_https"),
        ("INTAKE_URL", "http://127.0.0.1:8101", "address_not_https"),
        ("OIDC_ISSUER", "http://127.0.0.1:8107", "sign_in_not_https"),
        ("AMQP_URL", "amqps://a:b@mq1/,amqp://a:b@mq2/", "broker_not_tls"),
        ("AMQP_URL", "amqps://a:b@mq1/?no_verify_ssl=1", "broker_not_verified"),
        ("DATABASE_URL", "postgresql://a:b@db/n?sslmode=require", "database_not_verified"),
        ("DATABASE_URL", "postgresql://a:b@db/n?sslmode=prefer", "database_not_verified"),
        ("SENDER", "Cousu-main <ne-pas-repondre@cousu.test>", "default_sender"),
        ("SMTP_URL", "smtp://relais.interieur.gouv.fr", "mail_server_not_tls"),
        ("TRACKING_KEY", "k" * 40, "weak_key"),
        ("SECRET_KEY", f"2027:5f0d7c3b9a8e4f126d7b0c9a3e5f81d2,{'k' * 40}", "weak_key"),
        ("REQUESTS_PER_MINUTE", "0", "limit_off"),
        ("TRUSTED_PROXIES", "*", "every_proxy_trusted"),
        ("MIGRATION_URL", "postgresql://owner:b@db/n", "owner_credentials"),
        ("BROKER_ADMIN_URL", "https://administrator:b@mq1", "owner_credentials"),
    ],
)
def test_each_unsafe_setting_is_named(setting: str, value: str, code: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"NOTIFICATIONS_{setting}", value)
    assert unsafe() == [(code, f"NOTIFICATIONS_{setting}")]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "10.20.0.4", "notifications.internal"])  # noqa: S104 - to be refused
def test_whoever_listens_to_other_machines_names_the_proxy(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATIONS_HOST", host)
    assert unsafe() == [("proxy_not_named", "NOTIFICATIONS_TRUSTED_PROXIES")]
    for named in ("10.20.0.2", "127.0.0.1"):  # said, it is a choice: a proxy beside the service in one container
        monkeypatch.setenv("NOTIFICATIONS_TRUSTED_PROXIES", named)
        assert unsafe() == []


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_proxy_on_this_machine_needs_no_name(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATIONS_HOST", host)
    assert unsafe() == []


@pytest.mark.parametrize(
    ("address", "code"),
    [(("127.0.0.1", 0), None), (("0.0.0.0", 0), "proxy_not_named"), ("socket", "callers_unknown")],  # noqa: S104 - to be refused
)
def test_sockets_that_were_handed_over_count_as_the_host_does(
    address: Any, code: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if isinstance(address, str):
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(str(tmp_path / address))
    else:
        listening = socket.create_server(address)
    with listening:
        monkeypatch.setattr(sockets, "FIRST_HANDED_OVER", listening.fileno())
        monkeypatch.setenv("LISTEN_FDS", "1")
        monkeypatch.setenv("LISTEN_PID", str(os.getpid()))
        monkeypatch.setenv("NOTIFICATIONS_HOST", "10.20.0.4")  # not listened on
        assert [found for found, _ in unsafe()] == ([code] if code else [])
        assert listening.getsockname(), "only looked at"


def test_one_key_for_two_purposes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATIONS_ORIENTATION_KEY", SAFE["NOTIFICATIONS_TRACKING_KEY"])
    assert unsafe() == [("key_used_twice", "NOTIFICATIONS_TRACKING_KEY, NOTIFICATIONS_ORIENTATION_KEY")]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://a:b@127.0.0.1/n",
        "postgresql://a:b@localhost:5433/n",
        "postgresql://a:b@[::1]/n",
        "postgresql:///n?host=/var/run/postgresql",
        "postgresql:///n",
    ],
)
def test_what_stays_on_the_machine_needs_no_tls(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFICATIONS_DATABASE_URL", url)
    monkeypatch.setenv("NOTIFICATIONS_AMQP_URL", "amqp://a:b@127.0.0.1/,amqp://a:b@localhost/")
    monkeypatch.setenv("NOTIFICATIONS_SMTP_URL", "smtp://127.0.0.1:25")
    assert unsafe() == []
    assert tls.verified(url) == url


@pytest.mark.parametrize(
    ("url", "verified"),
    [
        ("postgresql://a:b@db/n", "postgresql://a:b@db/n?sslmode=verify-full"),
        ("postgresql://a:b@db/n?application_name=x", "postgresql://a:b@db/n?application_name=x&sslmode=verify-full"),
        ("postgresql://a:b@127.0.0.1,db/n", "postgresql://a:b@127.0.0.1,db/n?sslmode=verify-full"),
        ("postgresql:///n?host=db", "postgresql:///n?host=db&sslmode=verify-full"),
        ("postgresql://a:b@db/n?sslmode=require", "postgresql://a:b@db/n?sslmode=require"),
    ],
)
def test_a_database_elsewhere_is_verified_unless_its_address_says_otherwise(url: str, verified: str) -> None:
    assert tls.verified(url) == verified


async def test_no_password_is_sent_in_clear_text_to_a_database_elsewhere(
    database_url: Callable[[str], Awaitable[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    here = await database_url("shared")  # a server that takes no TLS
    monkeypatch.setenv("PGSSLROOTCERT", "/etc/ssl/certs/ca-certificates.crt")
    await (await Database.connect(here, name="test")).close()
    monkeypatch.setattr(tls, "is_loopback", lambda _: False)
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await Database.connect(here, name="test")
    with pytest.raises(ConnectionError, match="rejected SSL upgrade"):
        await migrations.migrate("shared", here)


def test_every_connection_to_a_database_goes_by_that_rule() -> None:
    opened = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for room in ("services", "shared")
        for file in (ROOT / room).rglob("*.py")
        for line in "".join(file.read_text().split("\n    ")).splitlines()
        if ("asyncpg.connect(" in line or "create_pool(" in line) and "verified(" not in line
    ]
    assert opened == []


def test_the_operators_page_looks_at_the_databases_of_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name.replace("NOTIFICATIONS_", "OPERATIONS_"), value)
    monkeypatch.setenv("INTAKE_OPERATIONS_URL", "postgresql://a:b@db/n?sslmode=disable")
    monkeypatch.setenv("INTAKE_PUBLIC_URL", "http://intake")
    monkeypatch.setenv("OPERATIONS_MANAGEMENT_URL", "http://a:b@127.0.0.1:15672,http://a:b@mq2:15672")
    assert [(one.code, one.setting) for one in OperationsSettings().unsafe()] == [
        ("database_not_verified", "INTAKE_OPERATIONS_URL"),
        ("address_not_https", "INTAKE_PUBLIC_URL"),
        ("address_not_https", "OPERATIONS_MANAGEMENT_URL"),
    ]


def test_a_limit_that_is_lifted_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SAFE.items():
        monkeypatch.setenv(name.replace("NOTIFICATIONS_", "INTAKE_"), value)
    monkeypatch.setenv("INTAKE_DOCUMENT_KEY", "77e6a5b4c3d2f1e09182736455463728")
    monkeypatch.setenv("INTAKE_MANDATE_KEY", "e1d2c3b4a5968778695a4b3c2d1e0f17")
    monkeypatch.setenv("INTAKE_DOCUMENTS_FOLDER", "/nowhere")
    assert IntakeSettings().unsafe() == []
    monkeypatch.setenv("INTAKE_FIGURES_EVERY", "moment")
    assert [(one.code, one.setting) for one in IntakeSettings().unsafe()] == [
        ("figures_of_every_moment", "INTAKE_FIGURES_EVERY")
    ]
    monkeypatch.setenv("INTAKE_FIGURES_EVERY", "day")
    monkeypatch.setenv("INTAKE_LIMIT_FILINGS_PER_ADDRESS", "0")
    assert [(one.code, one.setting) for one in IntakeSettings().unsafe()] == [
        ("limit_off", "INTAKE_LIMIT_FILINGS_PER_ADDRESS")
    ]


def test_a_secret_may_stand_in_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NOTIFICATIONS_DATABASE_URL", "NOTIFICATIONS_TRACKING_KEY"):
        (tmp_path / name).write_text(f"{SAFE[name]}\n")
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    settings = NotificationsSettings()
    assert settings.database_url.get_secret_value() == SAFE["NOTIFICATIONS_DATABASE_URL"]
    assert settings.tracking_key.get_secret_value() == SAFE["NOTIFICATIONS_TRACKING_KEY"]
    assert settings.unsafe() == []
    assert variable("NOTIFICATIONS_DATABASE_URL") == SAFE["NOTIFICATIONS_DATABASE_URL"]


def test_a_file_of_a_service_among_others_is_found_by_its_prefix(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "url").write_text("postgresql:///x")
    monkeypatch.setenv("INTAKE_OPERATIONS_URL_FILE", str(tmp_path / "url"))
    assert watched("intake").url("intake") == "postgresql:///x"


def started(**changes: str) -> tuple[int, str]:
    """Start notifications as a unit or a container would; give its exit code, and what it wrote."""
    environment = {"PATH": os.environ["PATH"], **SAFE, **changes}
    process = subprocess.run(
        [sys.executable, "-m", "services.notifications"],
        env=environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return process.returncode, process.stderr


def the_line(written: str) -> dict[str, Any]:
    (line,) = [json.loads(one) for one in written.splitlines()]
    assert isinstance(line, dict)
    return line


def test_a_service_does_not_start_and_says_everything_at_once() -> None:
    code, written = started(
        NOTIFICATIONS_PUBLIC_URL="http://messages.cousu-main.gouv.fr",
        NOTIFICATIONS_DATABASE_URL="postgresql://notifications_app:hunter2@db/n?sslmode=disable",
        NOTIFICATIONS_SENDER="Cousu-main <ne-pas-repondre@cousu.test>",
    )
    line = the_line(written)
    assert code == 78
    assert (line["event"], line["level"]) == ("settings.refused", "critical")
    assert [one["code"] for one in line["problems"]] == [
        "address_not_https",
        "database_not_verified",
        "default_sender",
    ]
    assert "hunter2" not in written


def test_settings_that_cannot_be_read_are_said_without_their_values() -> None:
    code, written = started(
        NOTIFICATIONS_SECRET_KEY="hunter2", NOTIFICATIONS_PORT="hunter3", NOTIFICATIONS_INTAKE_URL=""
    )
    assert code == 78
    assert {(one["code"], one["setting"]) for one in the_line(written)["problems"]} == {
        ("setting_invalid", "NOTIFICATIONS_SECRET_KEY"),
        ("setting_invalid", "NOTIFICATIONS_PORT"),
        ("setting_invalid", "NOTIFICATIONS_INTAKE_URL"),
    }
    assert "hunter" not in written


def test_a_file_that_cannot_be_read_is_named() -> None:
    code, written = started(NOTIFICATIONS_REPLY_KEY_FILE="/nowhere/reply_key")
    assert code == 78
    assert [one["setting"] for one in the_line(written)["problems"]] == ["NOTIFICATIONS_REPLY_KEY_FILE"]


def test_an_environment_that_nobody_knows_is_no_local_one() -> None:
    code, written = started(COUSU_ENVIRONMENT="Local")
    assert code == 78
    assert [one["setting"] for one in the_line(written)["problems"]] == ["COUSU_ENVIRONMENT"]


def test_the_command_line_names_the_same_for_people_and_programs() -> None:
    def check(*arguments: str, **changes: str) -> tuple[int, str]:
        done = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "services.operations.cli.main", "check", "--service", "notifications", *arguments],
            env={"PATH": os.environ["PATH"], "COUSU_ENVIRONMENT_FILE": os.devnull, **SAFE, **changes},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.returncode, done.stdout

    assert check() == (0, "Nothing is unsafe.\n")
    assert check("--json") == (0, "[]\n")
    code, said = check("--json", NOTIFICATIONS_SENDER="x@cousu.test", COUSU_ENVIRONMENT="local")
    assert (code, [one["code"] for one in json.loads(said)]) == (1, ["default_sender"])
    code, said = check(NOTIFICATIONS_SECRET_KEY="short")
    assert code == 1
    assert said.startswith("NOTIFICATIONS_SECRET_KEY: ")
