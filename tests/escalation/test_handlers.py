"""What the service hears takes effect, in whatever order the other services' streams come."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from shared import clock
from shared.clock import new_id
from shared.contracts import intake, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import Team
from shared.db import Database
from tests.escalation.life import (
    DELEGATE,
    SAT,
    Ear,
    Program,
    a_document,
    a_dossier,
    a_request,
    a_request_escalated,
    a_scheduled_dossier,
    directed_to_programme,
)


def a_withdrawal(request_id: str | UUID) -> intake.RequestWithdrawn:
    """The applicant gives up."""
    return intake.RequestWithdrawn(
        request_id=UUID(str(request_id)), departement="95", at=clock.now(), motive="Le projet est abandonné."
    )


def an_evaluation(request_id: str | UUID) -> intake.EvaluationSubmitted:
    """The applicant says what came of it."""
    return intake.EvaluationSubmitted(
        request_id=UUID(str(request_id)),
        departement="95",
        at=clock.now(),
        number="95-2026-000200",
        applicant=a_request().applicant,
        need_met=4,
        progress=4,
        satisfaction=3,
    )


def a_closing(request_id: str | UUID) -> intake.RequestClosed:
    """The life of the request is over."""
    return intake.RequestClosed(request_id=UUID(str(request_id)), departement="95", at=clock.now())


def a_message(request_id: str | UUID, text: str = "Une précision.") -> intake.MessagePosted:
    """The applicant writes."""
    return intake.MessagePosted(
        request_id=UUID(str(request_id)), departement="95", at=clock.now(), message_id=new_id(), text=text
    )


def an_answer(request_id: str, text: str = "Oui, depuis mars.") -> qualification.NationalQuestionAnswered:
    """The département answers."""
    return qualification.NationalQuestionAnswered(
        request_id=UUID(request_id), departement="95", at=clock.now(), text=text, by=SAT
    )


async def told(database: Database, request_id: str | UUID) -> list[str]:
    """What the service told of a request, in order."""
    rows = await database.fetch("SELECT type FROM journal WHERE subject = $1 ORDER BY position", str(request_id))
    return [row["type"].split(".")[1] for row in rows]


async def test_the_reception_is_told_just_after_the_escalation(database: Database, ear: Ear, national: Program) -> None:
    fact = a_request_escalated()
    await ear.hears(fact)
    assert await told(database, fact.request_id) == ["escalation_received"]
    timeline = (await national.get(f"/escalations/{fact.request_id}"))["timeline"]
    assert [step["type"] for step in timeline[-2:]] == [
        "qualification.request_escalated.v1",
        "escalation.escalation_received.v1",
    ]
    assert timeline[-2]["at"] < timeline[-1]["at"]


async def test_the_same_event_twice_is_received_once(database: Database, ear: Ear) -> None:
    message = ear.message(a_request_escalated())
    await ear.inbox.process([message])
    await ear.inbox.process([message])
    assert await database.fetchval("SELECT count(*) FROM journal") == 1


async def test_an_answer_brings_the_dossier_back_with_its_clock_moved_on(
    database: Database, ear: Ear, national: Program, received: str
) -> None:
    before = (await national.get(f"/escalations/{received}"))["due_on"]
    await national.post(f"/escalations/{received}/information-request", {"question": "Le foncier ?"})
    await database.fetchval(
        "UPDATE escalation SET asked_at = asked_at - interval '14 days' WHERE request_id = $1 RETURNING 1",
        UUID(received),
    )
    await ear.hears(an_answer(received))
    seen = await national.get(f"/escalations/{received}")
    assert seen["state"] == "received"
    assert seen["due_on"] > before
    assert seen["questions"][0]["answer"] == "Oui, depuis mars."
    assert seen["timeline"][-1]["detail"] == "Oui, depuis mars."


async def test_an_answer_nobody_waits_for_is_only_noted(ear: Ear, national: Program, received: str) -> None:
    await ear.hears(an_answer(received))
    assert (await national.get(f"/escalations/{received}"))["state"] == "received"
    await ear.hears(an_answer(str(new_id())))


async def test_a_withdrawal_before_the_decision_ends_the_dossier(
    ear: Ear, national: Program, secretary: Program, received: str
) -> None:
    session_id = await a_scheduled_dossier(national, secretary, received)
    await ear.hears(a_withdrawal(received))
    seen = await national.get(f"/escalations/{received}")
    assert seen["state"] == "withdrawn"
    assert seen["allowed_actions"] == []
    session = await secretary.post(f"/sessions/{session_id}/closing")
    assert session["agenda"][0]["state"] == "withdrawn"
    assert session["agenda"][0]["decision"] is None


async def test_a_dossier_that_comes_after_its_withdrawal_is_born_withdrawn(
    database: Database, ear: Ear, national: Program
) -> None:
    fact = a_request_escalated()
    await ear.hears(a_withdrawal(fact.request_id), fact)
    assert (await national.get(f"/escalations/{fact.request_id}"))["state"] == "withdrawn"
    assert await told(database, fact.request_id) == ["withdrawal_accepted"]


@pytest.mark.parametrize("overtook", [a_withdrawal, an_evaluation, a_closing])
async def test_what_overtook_the_dossier_stands_in_its_history_once(
    ear: Ear, national: Program, overtook: Callable[[UUID], Fact]
) -> None:
    dossier = a_request_escalated()
    early = overtook(dossier.request_id)
    await ear.hears(early, dossier)
    timeline = (await national.get(f"/escalations/{dossier.request_id}"))["timeline"]
    assert [step["type"] for step in timeline].count(early.wire_type) == 1


async def test_a_message_that_the_dossier_brought_does_not_stand_beside_it_again(
    database: Database, ear: Ear, national: Program
) -> None:
    request_id = new_id()
    known = a_message(request_id, "Message que le département connaît.")
    brought = qualification.DossierMessage(at=known.at, author=Team.APPLICANT, text=known.text)
    await ear.hears(a_request_escalated(request_id, dossier=a_dossier(messages=(brought,))), known)
    seen = await national.get(f"/escalations/{request_id}")
    assert [message["text"] for message in seen["messages"]] == [known.text]
    assert await database.fetchval("SELECT count(*) FROM message") == 0
    assert await database.fetchval("SELECT count(*) FROM step WHERE type = $1", known.wire_type) == 0


async def test_a_returned_dossier_that_comes_again_is_open_again_with_its_history(
    database: Database, ear: Ear, national: Program, received: str
) -> None:
    await national.post(f"/escalations/{received}/return", {"motive": "Une offre locale existe."})
    later = clock.now() + timedelta(seconds=1)
    again = a_request_escalated(
        UUID(received), at=later, dossier=a_dossier(a_request(title="Un projet revu avec le CAUE"))
    )
    await ear.hears(again)
    seen = await national.get(f"/escalations/{received}")
    assert seen["state"] == "received"
    assert seen["title"] == "Un projet revu avec le CAUE"
    assert "Une offre locale existe." in str(seen["timeline"])
    assert len(seen["documents"]) == 2
    assert await told(database, received) == ["escalation_received", "escalation_returned", "escalation_received"]


async def test_a_dossier_that_comes_again_while_it_is_here_changes_nothing(
    database: Database, ear: Ear, national: Program, received: str
) -> None:
    await national.post(f"/escalations/{received}/admissibility", {"opinion": "Oui."})
    await ear.hears(a_request_escalated(UUID(received)))
    assert (await national.get(f"/escalations/{received}"))["state"] == "admissible"
    assert await told(database, received) == ["escalation_received", "admissibility_settled"]


async def test_what_the_applicant_sends_joins_the_dossier(ear: Ear, national: Program, received: str) -> None:
    document = a_document("devis.pdf")
    given = intake.InformationProvided(
        request_id=UUID(received), departement="95", at=clock.now(), text="Le plan est joint."
    )
    joined = intake.DocumentAdded(request_id=UUID(received), departement="95", at=clock.now(), document=document)
    written = qualification.MessagePosted(
        request_id=UUID(received), departement="95", at=clock.now(), message_id=new_id(), text="Bien reçu.", by=SAT
    )
    await ear.hears(given, joined, a_message(received), written)
    seen = await national.get(f"/escalations/{received}")
    assert [document["name"] for document in seen["documents"]] == ["plan.pdf", "devis.pdf"]
    assert {message["text"] for message in seen["messages"]} == {
        "Voici le plan du bourg.",
        "Le plan est joint.",
        "Une précision.",
        "Bien reçu.",
    }


async def test_what_overtook_the_dossier_joins_it_once(database: Database, ear: Ear, national: Program) -> None:
    known, late = a_document("connu.pdf"), a_document("tardif.pdf")
    request_id = new_id()
    early = a_message(request_id, "Message que le département connaît.")
    fact = a_request_escalated(
        request_id,
        dossier=a_dossier(
            documents=(known,),
            messages=(qualification.DossierMessage(at=early.at, author=Team.APPLICANT, text=early.text),),
        ),
    )
    added = [
        intake.DocumentAdded(request_id=request_id, departement="95", at=clock.now(), document=document)
        for document in (known, late)
    ]
    await ear.hears(early, *added, a_message(request_id, "Message qu’il ne connaît pas."), fact)
    seen = await national.get(f"/escalations/{request_id}")
    assert [message["text"] for message in seen["messages"]] == [
        "Message que le département connaît.",
        "Message qu’il ne connaît pas.",
    ]
    assert sorted(document["name"] for document in seen["documents"]) == ["connu.pdf", "tardif.pdf"]
    assert await database.fetchval("SELECT count(*) FROM early_note") == 0


async def test_a_request_directed_to_a_programme_is_followed_to_its_end(ear: Ear, national: Program) -> None:
    request_id = new_id()
    await ear.hears(directed_to_programme(request_id))
    address = "/programmes/petites_villes_de_demain/requests"
    assert (await national.get(address))["items"][0]["state"] == "directed"
    await ear.hears(an_evaluation(request_id))
    assert (await national.get(f"{address}?state=evaluated"))["total"] == 1
    await ear.hears(a_closing(request_id))
    assert (await national.get(address))["items"][0]["state"] == "closed"


@pytest.mark.parametrize(
    ("overtook", "state"),
    [((a_withdrawal,), "withdrawn"), ((an_evaluation,), "evaluated"), ((an_evaluation, a_closing), "closed")],
)
async def test_what_overtook_a_request_directed_to_a_programme_counts_in_its_list(
    ear: Ear, national: Program, overtook: tuple[Callable[[UUID], Fact], ...], state: str
) -> None:
    directed = directed_to_programme(new_id())
    await ear.hears(*(make(directed.request_id) for make in overtook), directed)
    listed = await national.get("/programmes/petites_villes_de_demain/requests")
    assert listed["items"][0]["state"] == state


@pytest.mark.parametrize("reopened", [True, False])
async def test_the_departement_taking_over_again_is_noted(
    ear: Ear, national: Program, received: str, *, reopened: bool
) -> None:
    started = qualification.ExaminationStarted(
        request_id=UUID(received), departement="95", at=clock.now(), by=SAT, reopened=reopened
    )
    await ear.hears(started)
    noted = "qualification.examination_started.v1" in str(await national.get(f"/escalations/{received}"))
    assert noted is reopened


async def test_what_became_of_a_returned_dossier_is_shown(ear: Ear, national: Program, received: str) -> None:
    await national.post(f"/escalations/{received}/return", {"motive": "Une offre locale existe."})
    refused = qualification.RequestRefused(
        request_id=UUID(received),
        departement="95",
        at=clock.now(),
        motive="Projet hors champ.",
        appeal="Recours gracieux.",
        by=DELEGATE,
    )
    elsewhere = refused.model_copy(update={"request_id": new_id()})
    await ear.hears(refused, elsewhere, directed_to_programme(UUID(received)))
    seen = await national.get(f"/escalations/{received}")
    assert seen["state"] == "returned"
    assert [step["type"] for step in seen["timeline"][-2:]] == [
        "qualification.request_refused.v1",
        "qualification.directed_to_programme.v1",
    ]
