"""What agents do with a case, through the API: steps that tests share."""

from typing import Any

from deploy.local.demo.catalogue import CATALOGUE
from shared.db import Database
from tests.qualification.conftest import Program
from tests.qualification.life import GRID, Life

CAUE = next(entry for entry in CATALOGUE if entry.name == "CAUE du Val-d’Oise")
IN_THE_YVELINES = next(entry for entry in CATALOGUE if entry.departements == ("78",))

ORIENTATION: dict[str, Any] = {
    "outcome": "local_orientation",
    "provider_id": str(CAUE.id),
    "motive": "Le CAUE accompagne déjà la commune.",
}
ESCALATION: dict[str, Any] = {
    "outcome": "escalation",
    "motive": "Le projet dépasse l’ingénierie locale.",
    "motive_code": "local_offer_insufficient",
    "providers_tried": [{"provider_id": str(CAUE.id), "answer": "Pas de disponibilité avant l’été."}],
    "opinion": "Avis favorable.",
}


async def done(who: Program, life: Life, action: str, body: Any = None) -> dict[str, Any]:
    """Take an action that must succeed, and give the case's new form."""
    answer = await who.post(f"/cases/{life.request_id}/{action}", body)
    assert answer.status_code in {200, 201}, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


async def qualified(sat: Program, life: Life) -> dict[str, Any]:
    """Bring a case to where an outcome can be proposed."""
    await done(sat, life, "examination")
    return await done(sat, life, "qualification", GRID)


async def proposed(sat: Program, life: Life, proposal: dict[str, Any]) -> dict[str, Any]:
    """Bring a case to where the délégué decides."""
    await qualified(sat, life)
    return await done(sat, life, "proposal", proposal)


async def answered(sat: Program, delegate: Program, life: Life, proposal: dict[str, Any]) -> dict[str, Any]:
    """Bring a case to its outcome."""
    await proposed(sat, life, proposal)
    return await done(delegate, life, "validation")


async def told(database: Database, life: Life) -> list[str]:
    """List what the service told of this request, in order."""
    rows = await database.fetch(
        "SELECT type FROM journal WHERE subject = $1 ORDER BY source, sequence", str(life.request_id)
    )
    return [row["type"].split(".")[1] for row in rows]
