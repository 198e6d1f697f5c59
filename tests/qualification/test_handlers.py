"""What the département hears: applied once, in order, whoever else lives in the same database."""

from typing import Any
from uuid import uuid4

import pytest

from services.qualification.domain.rules import Rules
from services.qualification.handlers import handlers, subscription
from shared import clock
from shared.contracts import escalation, intake, notifications, qualification
from shared.contracts.vocabulary import CommitteeOutcome, Role, Team
from shared.db import Database
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from tests.qualification.acting import CAUE, ESCALATION, ORIENTATION, answered, done, proposed, told
from tests.qualification.conftest import Program, Programs
from tests.qualification.life import NATIONAL, Life, a_request, in_days, names
from tests.wire import message


async def shown(who: Program, life: Life) -> dict[str, Any]:
    """The case as an agent sees it."""
    answer = await who.get(f"/cases/{life.request_id}")
    assert answer.status_code == 200, answer.text
    case: dict[str, Any] = answer.json()
    return case


async def held(database: Database) -> list[str]:
    """Why streams are held."""
    return [row["reason"] for row in await database.fetch("SELECT reason FROM inbox_held")]


async def test_the_same_event_heard_twice_opens_one_case(life: Life, inbox: Inbox, database: Database) -> None:
    fact = intake.RequestSubmitted(**life.about(), request=a_request())
    await inbox.process([message(fact, 1), message(fact, 1)])
    assert await database.fetchval("SELECT count(*) FROM case_file") == 1
    assert await told(database, life) == ["request_registered"]


async def test_an_event_before_its_request_waits_for_it(inbox: Inbox, sat: Program, database: Database) -> None:
    life = Life(inbox)
    request = life.message(intake.RequestSubmitted(**life.about(), request=a_request()))
    message = life.message(intake.MessagePosted(**life.about(), message_id=uuid4(), text="Bonjour."))
    await inbox.process([message])
    assert await database.fetchval("SELECT count(*) FROM case_file") == 0
    await inbox.process([request])
    assert names((await shown(sat, life))["messages"], "text") == ["Bonjour."]


async def test_an_event_of_another_service_that_comes_too_early_holds_its_stream_only(
    inbox: Inbox, database: Database
) -> None:
    life = Life(inbox)
    await life.tell(escalation.EscalationReceived(**life.about(), number="95-2026-000001", due_on=in_days(5)))
    assert len(await held(database)) == 1
    await life.submitted()
    await database.fetchval("UPDATE inbox_held SET next_attempt_at = now() RETURNING 1")
    await inbox.retry_held()
    assert await held(database) == []
    assert await database.fetchval("SELECT count(*) FROM case_step WHERE type LIKE 'escalation.%'") == 1


async def test_a_withdrawal_before_the_answer_ends_the_case_and_the_link(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, ORIENTATION)
    await life.tell(intake.RequestWithdrawn(**life.about(), motive="Projet abandonné."))
    case = await shown(sat, life)
    assert case["state"] == "withdrawn"
    assert case["orientations"][0]["state"] == "cancelled"
    assert await database.fetchval("SELECT count(*) FROM case_file WHERE due_on IS NOT NULL") == 0


@pytest.mark.parametrize("handed_on_by", ["nobody", "another"])
async def test_an_acceptance_of_a_withdrawal_without_our_hand_over_is_a_failure_for_the_operator(
    sat: Program, delegate: Program, life: Life, database: Database, handed_on_by: str
) -> None:
    """It happens after a restore only: no event of others brings what our own stream lost."""
    state, departement = "registered", "95"
    if handed_on_by == "another":
        state, departement = (await answered(sat, delegate, life, ESCALATION))["state"], "78"
    about = {**life.about(), "departement": departement}
    await life.tell(escalation.WithdrawalAccepted(**about, withdrawn_at=clock.now(), motive="Abandonné."))
    assert await database.fetchval("SELECT code FROM inbox_held") == "failed"
    assert (await shown(sat, life))["state"] == state


async def test_the_national_steps_are_shown_in_their_words(sat: Program, delegate: Program, life: Life) -> None:
    await answered(sat, delegate, life, ESCALATION)
    decision = escalation.Decision(
        id=uuid4(),
        number="2026-001",
        outcome=CommitteeOutcome.GRANTED,
        motive="Projet structurant.",
        decided_on=in_days(0),
        session_id=uuid4(),
        signed_by=NATIONAL,
    )
    await life.tell(
        escalation.EscalationReceived(**life.about(), number="95-2026-000001", due_on=in_days(10)),
        escalation.AdmissibilitySettled(**life.about(), opinion="Recevable.", by=NATIONAL),
        escalation.SessionScheduled(
            **life.about(), session_id=uuid4(), title="Comité de décembre", held_on=in_days(20), by=NATIONAL
        ),
        escalation.DecisionMade(**life.about(), decision=decision),
    )
    case = await shown(sat, life)
    assert case["state"] == "escalated"
    assert names(case["national_steps"], "label") == [
        "Reçue par l’équipe nationale",
        "Recevabilité confirmée",
        "Inscrite à l’ordre du jour du comité",
        "Décision du comité de suivi de projet",
    ]


async def test_a_failed_delivery_is_shown_on_the_case(sat: Program, life: Life) -> None:
    failed = notifications.DeliveryFailed(
        **life.about(),
        delivery_id=uuid4(),
        event_id=uuid4(),
        audience="applicant",
        template="acknowledgement",
        reason="550 no such user",
    )
    await life.tell(failed)
    step = (await shown(sat, life))["timeline"][-1]
    assert step["label"] == "Message non remis"
    assert "le demandeur" in step["detail"]


async def test_what_a_provider_answers_by_mail_stands_among_the_messages(sat: Program, life: Life) -> None:
    for audience in ("provider", "applicant"):  # the applicant's comes from intake, as their message
        reply = notifications.ReplyReceived(
            **life.about(),
            delivery_id=uuid4(),
            event_id=uuid4(),
            audience=audience,
            template="orientation_asked",
            reply_id=uuid4(),
            text=f"Réponse de {audience}",
        )
        await life.tell(reply)
    case = await shown(sat, life)
    assert [(message["team"], message["text"]) for message in case["messages"]] == [("provider", "Réponse de provider")]
    assert case["timeline"][-1]["label"] == "Réponse reçue par courriel"


async def test_a_failed_delivery_about_something_else_harms_nobody(inbox: Inbox, database: Database) -> None:
    life = Life(inbox)
    failed = notifications.DeliveryFailed(
        **life.about(), delivery_id=uuid4(), event_id=uuid4(), audience="delegate", template="pact", reason="421"
    )
    await life.tell(failed)
    assert await held(database) == []


async def test_an_evaluation_is_shown_and_the_end_of_the_request_frees_the_provider(
    sat: Program, delegate: Program, life: Life, database: Database
) -> None:
    await answered(sat, delegate, life, ORIENTATION)
    await database.fetchval("UPDATE orientation SET state = 'accepted', answered_at = now() RETURNING 1")
    before = (await sat.get(f"/providers/{CAUE.id}")).json()["capacity_left"]
    evaluation = intake.EvaluationSubmitted(
        **life.about(),
        number="95-2026-000001",
        applicant=a_request().applicant,
        need_met=5,
        progress=4,
        satisfaction=5,
    )
    await life.tell(evaluation)
    assert "5 sur 5" in (await shown(sat, life))["timeline"][-1]["detail"]
    assert (await sat.get(f"/providers/{CAUE.id}")).json()["capacity_left"] == before
    await life.tell(intake.RequestClosed(**life.about()))
    assert (await sat.get(f"/providers/{CAUE.id}")).json()["capacity_left"] == before + 1


async def test_how_the_applicant_says_the_work_goes_stands_on_the_case(
    sat: Program, life: Life, database: Database
) -> None:
    await life.submitted()
    told = {"report_id": uuid4(), "text": "Le conseil a délibéré."}
    await life.tell(intake.ProgressTold(**life.about(), **told))
    await life.tell(intake.ProgressTold(**life.about(), **told, milestone="Diagnostic remis", percent=40))
    assert await held(database) == []
    steps = (await shown(sat, life))["timeline"][-2:]
    assert [(step["label"], step["team"], step["detail"]) for step in steps] == [
        ("Avancement dit par le demandeur", "applicant", "Le conseil a délibéré."),
        ("Avancement dit par le demandeur", "applicant", "Diagnostic remis, 40\u00a0%\u00a0: Le conseil a délibéré."),
    ]


# Transfers

TRANSFER = {"outcome": "transfer", "departement": "78", "motive": "Le projet se situe dans les Yvelines."}


async def hear_own_transfer(inbox: Inbox, database: Database) -> None:
    """Bring back what this very service told, as the broker does when it serves both départements."""
    await inbox.process(await handed_over(database))


async def handed_over(database: Database, source: str = "/qualification/95") -> list[Message]:
    """Give what a département published for the one that takes over, in its order."""
    rows = await database.fetch(
        "SELECT body, routing_key FROM journal WHERE source = $1 AND type LIKE '%transferred%' ORDER BY sequence",
        source,
    )
    return [Message(row["body"].encode(), row["routing_key"]) for row in rows]


async def test_a_transfer_opens_the_case_in_the_other_departement_with_all_its_papers(
    sat: Program, delegate: Program, neighbour: Program, life: Life, inbox: Inbox, database: Database
) -> None:
    await life.tell(intake.MessagePosted(**life.about(), message_id=uuid4(), text="Bonjour."))
    await done(sat, life, "notes", {"text": "Note du Val-d’Oise."})
    assert (await answered(sat, delegate, life, TRANSFER))["state"] == "transferred"
    assert (await neighbour.get(f"/cases/{life.request_id}")).status_code == 404
    await hear_own_transfer(inbox, database)
    case = await shown(neighbour, life)
    assert (case["state"], case["departement"]) == ("registered", "78")
    assert names(case["messages"], "text") == ["Bonjour."]
    assert case["notes"] == []
    assert "qualification.request_transferred.v1" in names(case["timeline"], "type")
    last = await database.fetchrow("SELECT source, type, routing_key FROM journal ORDER BY position DESC LIMIT 1")
    assert last is not None
    assert last["source"] == "/qualification/78"
    assert last["routing_key"] == "qualification.request_registered.78"
    assert (await shown(sat, life))["state"] == "transferred"


async def test_after_a_transfer_what_intake_tells_goes_to_the_new_departement(
    sat: Program, delegate: Program, neighbour: Program, life: Life, inbox: Inbox, database: Database
) -> None:
    await answered(sat, delegate, life, TRANSFER)
    await hear_own_transfer(inbox, database)
    late = intake.MessagePosted(**life.about(), message_id=uuid4(), text="Écrit avant de savoir.")
    life.departement = "78"
    after = intake.MessagePosted(**life.about(), message_id=uuid4(), text="Écrit après.")
    await life.tell(late, after)
    assert names((await shown(neighbour, life))["messages"], "text") == ["Écrit avant de savoir.", "Écrit après."]
    assert (await shown(sat, life))["messages"] == []


async def test_a_request_may_come_back(
    sat: Program, delegate: Program, neighbour: Program, program: Programs, life: Life, inbox: Inbox, database: Database
) -> None:
    await answered(sat, delegate, life, TRANSFER)
    await hear_own_transfer(inbox, database)
    chief = await program("delegue78", Role.DELEGATE, "78")
    await done(neighbour, life, "examination")
    await done(neighbour, life, "proposal", {"outcome": "transfer", "departement": "95", "motive": "Retour."})
    await done(chief, life, "validation")
    await inbox.process(await handed_over(database, "/qualification/78"))
    case = await shown(sat, life)
    assert (case["state"], case["departement"], case["proposal"]) == ("registered", "95", None)
    assert (await shown(neighbour, life))["state"] == "transferred"


async def test_an_instance_that_takes_over_is_told_the_past_again_and_takes_no_harm(
    neighbour: Program, database: Database
) -> None:
    alone = Inbox(database, handlers(Rules(departements=("78",))))
    life, asked = Life(alone), clock.now()
    said = intake.MessagePosted(**life.about(), message_id=uuid4(), text="Dit au Val-d’Oise.")
    given = intake.InformationProvided(**life.about(), text="Donné au Val-d’Oise.")
    dossier = qualification.Dossier(
        request=a_request(),
        messages=(qualification.DossierMessage(at=said.at, author=Team.APPLICANT, text=said.text),),
    )
    transfer = qualification.RequestTransferred(
        request_id=life.request_id,
        departement="78",
        from_departement="95",
        at=clock.now(),
        motive="Retour.",
        by=NATIONAL,
        dossier=dossier,
    )
    await alone.process([message(transfer, 9)])
    await done(neighbour, life, "examination")
    await done(neighbour, life, "information-request", {"items": ["Un plan"]})
    await life.tell(intake.RequestSubmitted(**life.about(asked), request=a_request()), said, given)
    case = await shown(neighbour, life)
    assert case["state"] == "awaiting_information"
    assert names(case["messages"], "text") == ["Dit au Val-d’Oise.", "Donné au Val-d’Oise."]
    life.departement = "78"
    await life.tell(intake.InformationProvided(**life.about(), text="Donné aux Yvelines."))
    assert (await shown(neighbour, life))["state"] == "under_examination"
    assert await database.fetchval("SELECT count(*) FROM case_file") == 1


async def test_an_instance_takes_only_its_own_departements(database: Database) -> None:
    alone = Inbox(database, handlers(Rules(departements=("78",))))
    life = Life(alone)
    await life.submitted()
    await life.tell(intake.MessagePosted(**life.about(), message_id=uuid4(), text="Pas pour nous."))
    assert await database.fetchval("SELECT count(*) FROM case_file") == 0
    assert await held(database) == []


@pytest.mark.parametrize(
    ("departements", "queue", "key"),
    [
        (None, "qualification", "intake.*.*"),
        (("95",), "qualification.95", "intake.*.95"),
        (("95", "78"), "qualification", "qualification.request_transferred.78"),
    ],
)
def test_each_instance_has_its_queue(departements: tuple[str, ...] | None, queue: str, key: str) -> None:
    bound = subscription(Rules(departements=departements))
    assert bound.queue == queue
    assert key in bound.bindings
    assert len(bound.bindings) == 5 * len(departements or ("*",))


async def test_a_proposal_waits_through_what_the_applicant_still_sends(sat: Program, life: Life) -> None:
    await proposed(sat, life, ORIENTATION)
    await life.tell(intake.InformationProvided(**life.about(), text="Encore un plan."))
    case = await shown(sat, life)
    assert case["state"] == "proposed"
    assert case["messages"][-1]["text"] == "Encore un plan."
