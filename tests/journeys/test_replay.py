"""Each service shows what the journals tell, whatever was lived; a row that does not is named."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.actors import Caller, Json, eventually
from tests.steps import (
    IN_A_MONTH,
    People,
    a_decided_request,
    a_request,
    an_escalated_request,
    an_examined_case,
    an_outcome,
    orientation_token,
)
from tests.system import System
from tests.today import today

pytestmark = pytest.mark.journey

SERVICES = ("intake", "qualification", "escalation", "notifications")


def replayed(system: System, *arguments: str) -> tuple[int, list[Json]]:
    """Run `cousu-main replay` as an operator would; give its exit code and what it found."""
    done = subprocess.run(  # noqa: S603 - our own program
        [Path(sys.executable).with_name("cousu-main"), "replay", "--json", *arguments],
        env=os.environ | {"COUSU_ENVIRONMENT_FILE": str(system.folder / "environment")},
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.stdout, done.stderr
    found: list[Json] = json.loads(done.stdout)
    return done.returncode, found


def wrong(found: list[Json]) -> list[Json]:
    """Give what is different or behind."""
    return [
        *(difference for one in found for table in one["tables"] for difference in table["differences"]),
        *(behind for one in found for behind in one["behind"]),
    ]


@pytest.fixture
def lived(system: System, agent: People) -> str:
    """Requests that went the ways which leave most behind; the id of one that was answered on the own envelope."""
    supported = an_outcome(
        system, agent, "local_support", support_types=["ingenierie_projet"], amount_cents=1_000_000
    ).id
    withdrawn = an_escalated_request(system, agent)
    withdrawn.does("withdrawal", motive="Le projet est abandonné.")
    asked = an_examined_case(system, agent)
    agent("sat95").does(asked.id, "information-request", items=["Le plan du bourg"], until=str(IN_A_MONTH))
    asked.sees_status("awaiting_information")
    asked.does("information", text="Le plan est joint.")
    agent("sat95").waits_for(asked.id, "under_examination")
    returned = a_decided_request(system, agent, "returned", support_types=[], amount_cents=0)
    agent("sat95").waits_for(returned.id, "under_examination")
    transferred = an_outcome(system, agent, "transfer", departement="78")
    agent("sat78").waits_for(transferred.id, "registered")
    transferred.sees_status("registered")
    transferred.does("messages", text="Bonjour les Yvelines")
    oriented = an_outcome(system, agent, "local_orientation", provider_id=_provider(system, agent))
    link = f"/orientations/{orientation_token(system, oriented.number)}"
    for action, body in (
        ("acceptance", {}),
        ("local-work", {}),
        ("milestones", {"title": "Diagnostic remis", "due_on": str(IN_A_MONTH)}),
        ("progress", {"text": "La visite est faite.", "percent": 40}),
        ("completion", {"report": "Fait.", "carry_reason": "Le diagnostic suivra."}),
    ):
        Caller(system.endpoints["qualification"]).post(f"{link}/{action}", body)
    eventually(oriented.sees, lambda seen: "evaluation" in seen["allowed_actions"])
    oriented.does("evaluation", need_met=5, progress=4, satisfaction=5)
    oriented.sees_status("evaluated")
    accompanied = a_decided_request(system, agent, "granted")
    national = agent("national")
    national.does(accompanied.id, "mobilisations", kind="external", resource="Marché", amount_cents=10_000, lot="Lot 3")
    national.does(accompanied.id, "accompaniment", starts_on=today(), ends_on=today(200))
    national.does(accompanied.id, "milestones", title="Diagnostic", due_on=today(60))
    national.does(accompanied.id, "completion", report="Le projet est prêt.", carry_reason="La commande se poursuit.")
    accompanied.sees_status("completed")
    return str(supported)


def _provider(system: System, agent: People) -> str:
    applicant = a_request(system)
    agent("sat95").waits_for(applicant.id, "registered")
    matches = agent("sat95").at.get(f"/cases/{applicant.id}/matches")["items"]
    return str(matches[0]["provider_id"])


def test_each_service_rebuilt_from_the_journals_is_identical_and_a_changed_row_is_named(
    system: System, lived: str
) -> None:
    def look() -> Json:
        code, found = replayed(system)
        return {"code": code, "found": found}

    def still(seen: Json) -> bool:
        return seen["code"] == 0 and not any(one["moving"] for one in seen["found"])

    seen = eventually(look, still, within=240)  # one look takes long
    assert wrong(seen["found"]) == []
    assert [one["service"] for one in seen["found"]] == list(SERVICES)
    rows = {table["table"]: table["alike"] for one in seen["found"] for table in one["tables"]}
    assert all(
        rows[table]
        for table in (
            "request",
            "case_file",
            "case_step",
            "orientation",
            "envelope_commitment",
            "escalation",
            "step",
            "decision",
            "mobilisation",
            "milestone",
            "delivery",
            "known_request",
        )
    ), rows

    asyncio.run(change(system, "qualification", "UPDATE case_file SET state = 'refused' WHERE request_id = $1", lived))
    code, found = replayed(system, "--service", "qualification")
    assert code == 1
    assert wrong(found) == [
        {"table": "case_file", "row": f"{lived} 95", "what": "different", "columns": ["state"]},
    ]
    asyncio.run(
        change(system, "qualification", "UPDATE case_file SET state = 'supported_locally' WHERE request_id = $1", lived)
    )
    code, found = replayed(system, "--service", "qualification")
    assert (code, wrong(found)) == (0, [])


async def change(system: System, service: str, statement: str, request: str) -> None:
    """Change a row behind the service's back, as the superuser."""
    url = urlsplit(system.endpoints["postgres"])._replace(path=f"/cousu_{service}").geturl()
    connection = await asyncpg.connect(url)
    try:
        assert await connection.execute(statement, request) == "UPDATE 1"
    finally:
        await connection.close()
