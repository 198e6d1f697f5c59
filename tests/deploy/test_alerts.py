"""Alerts, their cases, the runbook and the dashboard speak of the same things, and of figures that exist."""

import importlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import REGISTRY

from services.operations.adapters import broker
from services.operations.domain.concerns import NO_RELAY_ENTRY, What
from services.operations.domain.obstacles import Cause
from services.operations.web import runbook

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "observability" / "prometheus"
DASHBOARD = ROOT / "deploy" / "observability" / "grafana" / "cousu-main.json"
RULES: list[dict[str, Any]] = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES}
ENTRIES = re.findall(r"^## (\w+)$", runbook.RUNBOOK.read_text(encoding="utf-8"), re.MULTILINE)
CONCERNS = {what.row.entry for what in What} | {NO_RELAY_ENTRY} | {cause.row.entry for cause in Cause}
TOLD_BY_OTHERS = {"up", "ALERTS", broker.READY, broker.CONSUMERS}
"""By Prometheus itself and by RabbitMQ."""


def promtool(*arguments: str) -> str:
    done = subprocess.run(  # noqa: S603 - Prometheus' own tool on our own files
        ["promtool", *arguments],  # noqa: S607 - same
        cwd=PROMETHEUS,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def known() -> set[str]:
    """Every figure that a service of ours gives, by the names under which Prometheus keeps it."""
    for module in ("shared.messaging.metrics", "services.notifications.usecases.metrics", "shared.web.middleware"):
        importlib.import_module(module)
    for module in (
        "services.operations.jobs",
        "services.operations.usecases.journal_checks",
        "services.intake.metrics",
    ):
        importlib.import_module(module)
    endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count"), "info": ("_info",)}
    return {family.name + ending for family in REGISTRY.collect() for ending in endings.get(family.type, ("",))}


def figures_in(expression: str) -> set[str]:
    return set(re.findall(r"\b(?:cousu|rabbitmq)_\w+|\bup\b", re.sub(r'"[^"]*"', "", expression)))


def panels() -> Iterator[dict[str, Any]]:
    yield from json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]


def test_prometheus_reads_the_rules_and_the_configuration() -> None:
    promtool("check", "rules", "alerts.yml")
    promtool("check", "config", "--syntax-only", "prometheus.yml")


def test_each_alert_fires_in_its_case_and_no_other_does() -> None:
    promtool("test", "rules", "alerts.test.yml")
    cases = (PROMETHEUS / "alerts.test.yml").read_text(encoding="utf-8")
    assert set(re.findall(r'alertname="(\w+)"', cases)) == set(ALERTS)


def test_each_alert_has_its_entry_in_the_runbook_and_each_entry_an_alert_or_a_concern() -> None:
    assert len(ENTRIES) == len(set(ENTRIES))
    assert set(ALERTS) <= set(ENTRIES)
    assert set(ENTRIES) == set(ALERTS) | CONCERNS


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_says_how_bad_it_is_what_is_so_and_leads_to_its_entry(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"page", "ticket"} or alert == "CousuVeille"
    assert rule["annotations"]["summary"].endswith(".")
    assert rule["annotations"]["runbook"] == f"docs/runbook.md#{alert.lower()}"


@pytest.mark.parametrize("entry", ENTRIES)
def test_an_entry_says_what_is_so_and_links_within_the_runbook_lead_somewhere(entry: str) -> None:
    text = runbook.RUNBOOK.read_text(encoding="utf-8").split(f"## {entry}\n", 1)[1].split("\n## ", 1)[0]
    assert text.startswith("**")
    assert set(re.findall(r"\(#(\w+)\)", text)) <= {one.lower() for one in ENTRIES}


def test_the_page_shows_each_entry_where_its_links_lead() -> None:
    shown = str(runbook.runbook())
    for entry in ENTRIES:
        assert f'id="{runbook.anchor(entry).partition("#")[2]}"' in shown


def test_every_command_of_the_runbook_exists() -> None:
    from typer.main import get_command  # noqa: PLC0415 - the whole command line, needed here alone

    from services.operations.cli.main import app  # noqa: PLC0415 - same

    root: Any = get_command(app)
    groups = "held|waiting|unsendable|quarantine|dead|unrouted|deliveries|documents|events|journal"
    command_in = rf"`(?:cousu-main )?((?:{groups}) \w+|migrate|replay|status)\b"
    written = re.findall(command_in, runbook.RUNBOOK.read_text(encoding="utf-8"))
    assert written
    for words in written:
        command = root
        for word in words.split():
            command = command.commands[word]


def test_alerts_and_dashboard_ask_for_figures_that_exist() -> None:
    there = known() | TOLD_BY_OTHERS
    asked = {rule["alert"]: figures_in(rule["expr"]) for rule in RULES}
    asked |= {
        panel["title"]: {name for one in panel["targets"] for name in figures_in(one["expr"])} for panel in panels()
    }
    assert {where: names - there for where, names in asked.items() if names - there} == {}
    assert [where for where, names in asked.items() if not names] == ["CousuVeille"], "only the watchdog asks nothing"


def test_every_figure_that_says_what_waits_is_on_the_dashboard_or_alarms() -> None:
    shown = {name for panel in panels() for one in panel["targets"] for name in figures_in(one["expr"])}
    alarming = {name for rule in RULES for name in figures_in(rule["expr"])}
    ages = {name for name in known() if name.startswith("cousu_") and name.endswith("_oldest_seconds")}
    assert ages <= shown | alarming
