"""What a national agent has at hand beside the dossier: narrower lists, their team's notes, what was decided before."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from services.escalation.replay.tables import LEFT_OUT
from shared import clock
from shared.contracts.vocabulary import Field
from shared.db import Database
from shared.identity.model import Agent, Role
from tests.escalation.conftest import an_agent
from tests.escalation.life import (
    Ear,
    Program,
    a_decided_dossier,
    a_dossier,
    a_request,
    a_request_escalated,
)


async def test_the_list_is_narrowed_by_field_and_age(ear: Ear, national: Program) -> None:
    old = a_request_escalated(at=clock.now() - timedelta(days=40))
    other = a_request("95-2026-000124", fields=(Field.MOBILITE,))
    await ear.hears(old, a_request_escalated(dossier=a_dossier(other)))
    found = {
        query: [item["number"] for item in (await national.get(f"/escalations?{query}"))["items"]]
        for query in (
            "field=mobilite",
            "field=habitat",
            "field=numerique",
            "older=30",
            "older=90",
            "older=30&field=mobilite",
        )
    }
    assert found == {
        "field=mobilite": ["95-2026-000124"],
        "field=habitat": ["95-2026-000123"],
        "field=numerique": [],
        "older=30": ["95-2026-000123"],
        "older=90": [],
        "older=30&field=mobilite": [],
    }


async def test_a_note_is_kept_for_the_national_team_alone(
    database: Database, national: Program, secretary: Program, received: str
) -> None:
    noted = await national.post(f"/escalations/{received}/notes", {"text": "Voir avec l’EPF."}, status=201)
    assert noted["notes"][0]["id"] == noted["created"]
    await secretary.post(f"/escalations/{received}/notes", {"text": "À grouper avec Vétheuil."}, status=201)
    seen = (await national.get(f"/escalations/{received}"))["notes"]
    assert [(note["text"], note["by"]["role"]) for note in seen] == [
        ("Voir avec l’EPF.", "national_agent"),
        ("À grouper avec Vétheuil.", "committee_secretary"),
    ]
    assert not await database.fetchval("SELECT count(*) FROM journal WHERE body LIKE '%EPF%'")
    assert "note" in LEFT_OUT


async def test_an_auditor_writes_no_note(
    database: Database, program: Callable[[Agent], Awaitable[Program]], received: str
) -> None:
    auditor = await an_agent(database, "auditeur", Role.AUDITOR)
    await (await program(auditor)).refused(f"/escalations/{received}/notes", {"text": "Vu."}, 403)


async def test_similar_dossiers_come_with_what_was_decided_and_why_they_are_alike(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    alike = a_request_escalated(number="95-2026-000124")
    less = a_request_escalated(
        dossier=a_dossier(a_request("33-2026-000001", fields=(Field.HABITAT,), title="Des logements")), departement="33"
    )
    stranger = a_request_escalated(dossier=a_dossier(a_request("95-2026-000125", fields=(Field.MOBILITE,))))
    waiting = a_request_escalated(number="95-2026-000126")
    await ear.hears(alike, less, stranger, waiting)
    await a_decided_dossier(national, secretary, str(less.request_id), "refused")
    await a_decided_dossier(national, secretary, str(alike.request_id), amount_cents=1_200_000)
    await a_decided_dossier(national, secretary, str(stranger.request_id))
    found = (await national.get(f"/escalations/{received}"))["similar"]
    assert [(one["number"], one["outcome"], one["amount_cents"]) for one in found] == [
        ("95-2026-000124", "granted", 1_200_000),
        ("33-2026-000001", "refused", 0),
    ]
    assert found[0]["likeness"] == ["Habitat", "Revitalisation commerciale", "Taille comparable", "Même département"]
    assert found[1]["likeness"] == ["Habitat", "Taille comparable"]


async def test_a_deferral_decides_nothing_to_compare_with(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    deferred = a_request_escalated(number="95-2026-000124")
    await ear.hears(deferred)
    await a_decided_dossier(national, secretary, str(deferred.request_id), "deferred")
    assert (await national.get(f"/escalations/{received}"))["similar"] == []
