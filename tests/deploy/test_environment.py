"""What each program is told: its own secrets and addresses, and the caller's own servers where they name them."""

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from yarl import URL

from deploy.local.broker import own_broker
from deploy.local.child import DidNotStart, inherited
from deploy.local.environment import DATABASES, Environments
from deploy.local.passwords import Passwords
from deploy.local.places import Places
from deploy.local.postgres import LocalPostgres
from deploy.local.rabbitmq import LocalRabbit
from shared.messaging.accounts import SERVICES, Origins


@pytest.fixture
def environments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Environments:
    monkeypatch.delenv("AMQP_URL", raising=False)
    for name in DATABASES:
        monkeypatch.delenv(f"{name.upper()}_DATABASE_URL", raising=False)
    places = Places(20_000, tmp_path)
    postgres = LocalPostgres(tmp_path / "postgres", places.ports["postgres"])
    rabbit = LocalRabbit(tmp_path / "rabbitmq", 20_010, 20_009, 20_012, distribution_port=20_013, epmd_port=20_014)
    return Environments(places, Passwords(tmp_path / "secrets.json"), postgres, rabbit)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_not_told_anothers_password_or_cookie_key(service: str, environments: Environments) -> None:
    told = set(environments.of(service).values())
    for other in set(SERVICES) - {service}:
        theirs = environments.of(other)
        assert told.isdisjoint({theirs[f"{other.upper()}_DATABASE_URL"], theirs[f"{other.upper()}_AMQP_URL"]})
        assert theirs[f"{other.upper()}_SECRET_KEY"] not in told


@pytest.mark.parametrize("program", [*SERVICES, "operations"])
def test_nobody_that_runs_is_told_an_owners_password(
    program: str, environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"{program.upper()}_MIGRATION_URL", "postgresql://owner:given@elsewhere/x")
    told = environments.of_operations() if program == "operations" else environments.of(program)
    everything = inherited(program) | told
    assert not [key for key in everything if key.endswith("_MIGRATION_URL")]
    assert not [value for value in everything.values() if "_owner:" in value or ":given@" in value]


def test_the_operators_page_has_a_role_of_its_own_in_each_services_database(environments: Environments) -> None:
    told = environments.of_operations()
    for service in SERVICES:
        assert told[f"{service.upper()}_OPERATIONS_URL"].startswith(f"postgresql://{service}_operators:")
        assert f"{service.upper()}_DATABASE_URL" not in told
        assert environments.of(service)[f"{service.upper()}_SECRET_KEY"] not in told.values()


def test_a_program_inherits_nothing_that_is_meant_for_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTAKE_CLOSE_AFTER_DAYS", "3")
    monkeypatch.setenv("ESCALATION_SECRET_KEY", "theirs")
    for broker in ("AMQP_URL", "SUPERVISOR_AMQP_URL"):
        monkeypatch.setenv(broker, "amqp://everybody:secret@elsewhere/")
    assert inherited("intake")["INTAKE_CLOSE_AFTER_DAYS"] == "3"
    assert inherited("intake").keys().isdisjoint({"ESCALATION_SECRET_KEY", "AMQP_URL", "SUPERVISOR_AMQP_URL"})
    assert inherited().keys().isdisjoint({"INTAKE_CLOSE_AFTER_DAYS", "ESCALATION_SECRET_KEY", "AMQP_URL"})


def test_services_that_share_links_share_their_key_and_no_other_does(environments: Environments) -> None:
    told = {service: environments.of(service) for service in SERVICES}
    assert told["intake"]["INTAKE_TRACKING_KEY"] == told["notifications"]["NOTIFICATIONS_TRACKING_KEY"]
    assert told["intake"]["INTAKE_TRACKING_KEY"] not in told["escalation"].values()
    assert told["intake"]["INTAKE_TRACKING_KEY"] != told["intake"]["INTAKE_DOCUMENT_KEY"]


def test_the_callers_own_broker_and_database_are_used(
    environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_URL", "amqp://elsewhere/")
    monkeypatch.setenv("INTAKE_DATABASE_URL", "postgresql://elsewhere/intake")
    told = environments.of("intake")
    assert told["INTAKE_AMQP_URL"] == "amqp://elsewhere/"
    assert told["INTAKE_DATABASE_URL"] == "postgresql://elsewhere/intake"
    assert environments.of_operations()["INTAKE_OPERATIONS_URL"] == "postgresql://elsewhere/intake"
    assert environments.of_command_line()["INTAKE_MIGRATION_URL"] == "postgresql://elsewhere/intake"
    assert environments.of("escalation")["ESCALATION_DATABASE_URL"].startswith("postgresql://escalation_app:")


@pytest.mark.parametrize("user", ["intake", "guest"])
def test_one_account_of_the_callers_own_broker_owns_every_services_events(
    user: str, environments: Environments, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert environments.broker_sources() == {}
    monkeypatch.setenv("AMQP_URL", f"amqp://{user}:given@elsewhere/")
    origins = Origins(json.loads(environments.of("intake")["BROKER_SOURCES"]))
    assert all(origins.owns(user, f"/{service}") for service in SERVICES)
    monkeypatch.setenv("ESCALATION_AMQP_URL", "amqp://escalation:given@elsewhere/")
    assert not Origins(environments.broker_sources()).owns(user, "/escalation")
    assert Origins(environments.broker_sources()).owns("escalation", "/escalation")


def test_one_machine_has_no_limit_per_address_and_keeps_those_per_request(environments: Environments) -> None:
    told = environments.of("intake")
    assert told["INTAKE_LIMIT_FILINGS_PER_ADDRESS"] == told["INTAKE_LIMIT_FILINGS_PER_EMAIL"] == "0"
    assert not [name for name in told if name.endswith("_PER_REQUEST")]


def test_every_node_of_an_own_cluster_is_told(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUSU_BROKER_NODES", "3")
    places = environments.places
    cluster = own_broker(places)
    assert len(cluster.nodes) == 3
    told = replace(environments, rabbit=cluster).of_operations()
    assert [URL(one).port for one in told["OPERATIONS_AMQP_URL"].split(",")] == [20_010, 20_020, 20_024]
    assert len({URL(one).password for one in told["OPERATIONS_AMQP_URL"].split(",")}) == 1
    assert told["OPERATIONS_MANAGEMENT_URL"].count("http://operator:") == 3
    assert told["OPERATIONS_BROKER_METRICS_URL"].split(",")[1:] == ["http://127.0.0.1:20022", "http://127.0.0.1:20026"]


def test_a_cluster_of_two_is_refused(environments: Environments, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUSU_BROKER_NODES", "2")
    with pytest.raises(DidNotStart, match="1, 3 or 5"):
        own_broker(environments.places)


def test_secrets_are_the_same_at_the_next_start_and_private(environments: Environments, tmp_path: Path) -> None:
    first = environments.of("intake")["INTAKE_SECRET_KEY"]
    assert Passwords(tmp_path / "secrets.json").of("intake.cookies") == first
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600


def test_the_file_for_the_command_line_is_private(environments: Environments) -> None:
    environments.write()
    assert environments.places.environment.stat().st_mode & 0o777 == 0o600
    assert "QUALIFICATION_DATABASE_URL=postgresql://qualification_app:" in environments.places.environment.read_text()


def test_all_ports_move_with_their_base(environments: Environments) -> None:
    assert sorted(environments.places.ports.values()) == list(range(20_001, 20_016))


def test_so_many_copies_of_each_service_run_as_one_wants(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COUSU_COPIES", raising=False)
    assert Places.from_environment().copies == 1
    monkeypatch.setenv("COUSU_COPIES", "2")
    assert Places.from_environment().copies == 2
    for told in ("0", "10", "two"):
        monkeypatch.setenv("COUSU_COPIES", told)
        with pytest.raises(DidNotStart, match=f"COUSU_COPIES is '{told}'; give a number from 1 to 9"):
            Places.from_environment()


def test_a_password_that_several_ask_for_at_the_same_moment_is_drawn_once(tmp_path: Path) -> None:
    passwords = Passwords(tmp_path / "passwords.json")
    with ThreadPoolExecutor(8) as pool:
        drawn = list(pool.map(passwords.of, [f"user{number % 20}" for number in range(400)]))
    assert drawn == [Passwords(tmp_path / "passwords.json").of(f"user{number % 20}") for number in range(400)]
