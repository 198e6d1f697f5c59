"""The demonstration that loads many escalations: each comes as far as it should, and loading again adds nothing."""

from collections import Counter

import pytest

from deploy.local.demo.means import REFERENCE
from deploy.local.demo.projects import SHARES, Stage
from deploy.local.personas import PERSONAS
from services.intake.domain.disclosure import STEP, WIDE_STEP, round_down
from tests.actors import Caller, Json, eventually
from tests.steps import People
from tests.system import System

pytestmark = pytest.mark.journey

NUMBER = 20
ENDS = {
    Stage.RECEIVED: "received",
    Stage.ASKED: "awaiting_departement",
    Stage.ADMISSIBLE: "admissible",
    Stage.SCHEDULED: "scheduled",
    Stage.DEFERRED: "deferred",
    Stage.SENT_BACK: "returned",
    Stage.REFUSED: "refused",
    Stage.GRANTED: "granted",
    Stage.WITH_RESERVE: "granted_with_reserve",
    Stage.MOBILISING: "mobilising",
    Stage.ACCOMPANIED: "accompanied",
    Stage.COMPLETED: "completed",
}


def test_twenty_escalations_come_as_far_as_they_should_and_are_loaded_once(system: System, agent: People) -> None:
    def states() -> Counter[str]:
        return Counter(item["state"] for item in agent("national").at.get("/escalations", per_page=200)["items"])

    before = states()
    system.command("demo", "escalations", "--number", str(NUMBER), "--seed", "20", within=180)
    loaded = states() - before
    assert loaded == Counter({ENDS[reach]: share for reach, share in SHARES.items()})
    system.command("demo", "escalations", "--number", str(NUMBER), "--seed", "20", within=180)
    assert states() - before == loaded
    national = agent("national")
    assert sum(
        lot["orders"]
        for contract in national.at.get("/contracts", per_page=200)["items"]
        for lot in national.at.get(f"/contracts/{contract['id']}")["lots"]
        if lot["reference"] == REFERENCE
    )


def test_the_departements_of_the_demonstration_have_an_address(system: System, agent: People) -> None:
    system.command("demo", "escalations", "--number", str(NUMBER), "--seed", "20", within=180)
    mails = Caller(system.endpoints["notifications"], system.token("notifications", "exploitant@cousu.test"))
    came = agent("national").at.get("/escalations", per_page=200)["items"]
    escalating = {item["departement"] for item in came}
    assert len(escalating) > len(PERSONAS)
    reached = {
        (item["audience"], item["scope"]) for item in mails.get("/contacts", per_page=200)["items"] if item["email"]
    }
    assert {(audience, code) for audience in ("departement", "delegate") for code in escalating} <= reached


def test_the_public_reads_the_national_teams_figures_rounded(system: System, agent: People) -> None:
    """Two services count by themselves, from the events they hear; at rest both have the same requests."""
    system.command("demo", "escalations", "--number", str(NUMBER), "--seed", "20", within=180)
    public = Caller(system.endpoints["intake"])

    def both() -> Json:
        return {"national": agent("national").at.get("/statistics"), "public": public.get("/statistics")}

    def agree(seen: Json) -> bool:
        exact: Json = seen["national"]["all_requests"]
        shown: Json = seen["public"]
        outcomes: dict[str, int] = exact["outcomes"]
        return bool(
            exact["requests"] - 2 * WIDE_STEP < (shown["total"] or 0) <= exact["requests"]
            and all(
                count - 2 * STEP < (shown["outcomes"][one] or 0) <= round_down(count, STEP)
                for one, count in outcomes.items()
            )
            and all(count <= exact["by_departement"][code] for code, count in shown["by_departement"].items())
        )

    seen = eventually(both, agree)
    granted = seen["public"]["amounts"]["national_granted_cents"]
    assert granted is None or granted <= seen["national"]["granted_cents"]
    assert seen["national"]["all_requests"]["outcomes"]["local"] > 0
    programmes = agent("national").at.get("/programmes")["items"]
    assert all(programme["territories"] > 0 for programme in programmes)
    assert sum(programme["requests"] for programme in programmes) > 0
    departement = public.get("/territories/departement/95")["programmes_inside"]
    assert departement, "what the programmes cover is public too"
