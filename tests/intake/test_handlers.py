"""What intake does about what it hears, through the inbox and the real database."""

import json
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from prometheus_client import REGISTRY

from services.intake.handlers import handlers
from services.intake.main import tokens_of
from services.intake.settings import Settings
from services.intake.tokens import Tokens
from services.intake.usecases.answer_forms import MOST_ERRORS
from services.intake.usecases.send_answers import send_answers
from services.operations.reads.figures import figures
from shared.db import Database
from shared.messaging import gauges
from shared.messaging.accounts import Origins
from shared.messaging.authenticity import Authenticity, Sender
from shared.messaging.inbox import quarantine
from shared.messaging.inbox.inbox import Inbox
from shared.messaging.inbox.message import Message
from shared.territory.territories import Territories
from tests.intake.conftest import Client, a_request, bearer, filed
from tests.intake.facts import START, Life
from tests.wire import Streams


@pytest.fixture
def inbox(database: Database, territories: Territories) -> Inbox:
    """The inbox of intake."""
    return Inbox(database, handlers(territories))


async def seen(client: Client, mine: dict[str, Any]) -> dict[str, Any]:
    answer = await client.get(f"/api/v1/requests/{mine['id']}", headers=bearer(mine["access_token"]))
    body: dict[str, Any] = answer.json()
    return body


def life_of(mine: dict[str, Any]) -> Life:
    """Facts that happen after the request was filed."""
    return Life(UUID(mine["id"]))


LATER = 60 * 24 * 365 * 50
"""Minutes after the tests' beginning that lie after any filing of a test."""


async def test_facts_move_the_request_and_show_on_one_thread(client: Client, inbox: Inbox) -> None:
    mine, wire = await filed(client), Streams()
    life = life_of(mine)
    facts = [life.registered(LATER), life.examined(LATER + 1), life.asked(LATER + 2)]
    await inbox.process([wire.message(fact) for fact in facts])
    shown = await seen(client, mine)
    assert (shown["status"], shown["team"]) == ("awaiting_information", "applicant")
    assert shown["expected"]["from"] == "applicant"
    assert shown["expected"]["until"] == "2026-12-01"
    assert [step["type"].split(".")[1] for step in shown["timeline"]] == [
        "request_submitted",
        "request_registered",
        "examination_started",
        "information_requested",
    ]
    assert "Le plan" in shown["messages"][0]["text"]
    answer = await client.post(
        f"/api/v1/requests/{mine['id']}/information", json={"text": "Voici"}, headers=bearer(mine["access_token"])
    )
    assert answer.status_code == 200
    assert answer.json()["status"] == "under_examination"


async def test_a_message_of_the_departement_stands_beside_the_applicants(client: Client, inbox: Inbox) -> None:
    mine = await filed(client)
    await inbox.process([Streams().message(life_of(mine).written(LATER, "Mardi prochain."))])
    shown = await seen(client, mine)
    assert [(message["author"], message["text"]) for message in shown["messages"]] == [
        ("departement", "Mardi prochain.")
    ]


async def test_events_out_of_order_wait_for_their_turn(client: Client, inbox: Inbox) -> None:
    mine, wire = await filed(client), Streams()
    life = life_of(mine)
    first, second = wire.message(life.registered(LATER)), wire.message(life.examined(LATER + 1))
    await inbox.process([second])
    assert (await seen(client, mine))["status"] == "submitted"
    await inbox.process([first])
    await inbox.process([first, second])
    shown = await seen(client, mine)
    assert shown["status"] == "under_examination"
    assert len(shown["timeline"]) == 3


async def test_a_registration_that_overtakes_its_transfer_keeps_its_service_in_charge(
    client: Client, database: Database, inbox: Inbox
) -> None:
    mine, wire = await filed(client), Streams()
    handed_on, taken = life_of(mine).transferred(LATER, "78"), Life(UUID(mine["id"]), "78").registered(LATER + 1)
    await inbox.process([wire.message(taken)])
    await inbox.process([wire.message(handed_on)])
    row = await database.fetchrow("SELECT departement, departement_at, service FROM request")
    assert row is not None
    assert (row["departement"], row["departement_at"]) == ("78", taken.at)
    assert row["service"]["name"] == taken.service.name


async def test_a_fact_about_no_request_of_ours_holds_nothing(database: Database, inbox: Inbox) -> None:
    await inbox.process([Streams().message(Life(uuid4()).registered(1)), Streams().message(Life(uuid4()).written(1))])
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0


async def test_an_accepted_provider_can_be_reached_and_is_not_before(client: Client, inbox: Inbox) -> None:
    mine, wire = await filed(client), Streams()
    life = life_of(mine)
    await inbox.process([wire.message(life.oriented(LATER))])
    before = (await seen(client, mine))["decision"]
    assert before["provider"] == {"name": "CAUE du Val-d’Oise"}
    await inbox.process([wire.message(life.accepted(LATER + 1))])
    after = (await seen(client, mine))["decision"]
    assert after["provider"]["email"] == "caue@cousu.test"
    assert after["motive"] == "Compétent."


def a_filed_event(**changes: Any) -> Message:
    """What another form publishes."""
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": "/forms/epci-vexin",
        "type": "forms.request_filed.v1",
        "time": START.isoformat(),
        "data": a_request(),
        **changes,
    }
    return Message(json.dumps(event).encode(), "forms.request_filed.95")


@dataclass
class Forms:
    """What forms are answered: the envelopes, each with its routing key."""

    database: Database
    tokens: Tokens
    confirms: bool = True
    answers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def say(self, body: str, routing_key: str, *, event_id: str, wire_type: str) -> bool:
        if self.confirms:
            envelope = json.loads(body)
            assert (envelope["id"], envelope["type"]) == (event_id, wire_type)
            self.answers.append((routing_key, envelope))
        return self.confirms

    async def answered(self) -> list[dict[str, Any]]:
        """Publish what waits; give all that was ever answered."""
        await send_answers(self.database, self.say, self.tokens)
        return [envelope for _, envelope in self.answers]


@pytest.fixture
def forms(database: Database, settings: Settings) -> Forms:
    return Forms(database, tokens_of(settings))


async def told(database: Database) -> list[dict[str, Any]]:
    rows = await database.fetch("SELECT body::jsonb AS body FROM journal ORDER BY position")
    return [row["body"] for row in rows]


async def test_a_form_that_is_not_ours_files_once(
    client: Client, database: Database, inbox: Inbox, forms: Forms
) -> None:
    message = a_filed_event()
    await inbox.process([message, message])
    await inbox.process([message])
    (event,) = await told(database)
    assert event["type"] == "intake.request_submitted.v1"
    assert event["data"]["filed_from"] == "/forms/epci-vexin"
    assert event["causationid"] == json.loads(message.body)["id"]
    answer, *again = await forms.answered()
    assert again == [answer] * 2
    assert answer["type"] == "forms.request_accepted.v1"
    assert {key for key, _ in forms.answers} == {"forms.request_accepted.epci-vexin"}
    said = answer["data"]
    assert said["number"] == event["data"]["request"]["number"]
    token = said["tracking_url"].removeprefix("http://intake.test/suivi/")
    shown = await client.get(f"/api/v1/requests/{event['subject']}", headers=bearer(token))
    assert shown.json()["status"] == "submitted"


async def test_an_answer_says_number_and_link_and_nothing_of_the_contact(inbox: Inbox, forms: Forms) -> None:
    message = a_filed_event()
    await inbox.process([message])
    (answer,) = await forms.answered()
    assert set(answer["data"]) == {
        "request_id", "departement", "at", "filed_from", "filed_id", "number", "tracking_url"
    }  # fmt: skip
    contact = a_request()["contact"]
    assert not [value for value in (contact["name"], contact["email"], contact["phone"]) if value in json.dumps(answer)]


async def test_no_database_stores_a_link_and_an_answer_waits_for_the_broker(
    database: Database, inbox: Inbox, forms: Forms
) -> None:
    await inbox.process([a_filed_event()])
    stored = await database.fetchval("SELECT string_agg(to_jsonb(f)::text, ' ') FROM form_answer f")
    assert "suivi" not in stored
    assert "suivi" not in json.dumps(await told(database))
    forms.confirms = False
    assert await forms.answered() == []
    forms.confirms = True
    assert len(await forms.answered()) == 1
    assert await database.fetchval("SELECT count(*) FROM form_answer") == 0


async def test_a_form_that_repeats_itself_is_answered_the_same_again(
    database: Database, inbox: Inbox, forms: Forms
) -> None:
    message = a_filed_event()
    await inbox.process([message])
    first = await forms.answered()
    await inbox.process([replace(message, redelivered=True)])
    await inbox.process([message])
    assert await forms.answered() == first * 3
    assert await database.fetchval("SELECT count(*) FROM request") == 1


async def test_an_id_that_was_used_for_another_request_is_refused_and_holds_nothing(
    database: Database, inbox: Inbox, forms: Forms
) -> None:
    mine = a_filed_event(id="42")
    await inbox.process([mine])
    await inbox.process([a_filed_event(id="42", data=a_request(title="Autre chose"))])
    await inbox.process([mine])
    answers = await forms.answered()
    assert [answer["data"].get("code") for answer in answers] == [None, "filed_id_reused", None]
    assert await database.fetchval("SELECT count(*) FROM request") == 1
    assert await database.fetchval("SELECT count(*) FROM inbox_held") == 0
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 0


async def test_two_forms_may_use_the_same_id(inbox: Inbox, forms: Forms) -> None:
    await inbox.process([a_filed_event(id="42"), a_filed_event(id="42", source="/forms/autre")])
    assert sorted(answer["data"]["filed_from"] for answer in await forms.answered()) == [
        "/forms/autre",
        "/forms/epci-vexin",
    ]
    assert {key for key, _ in forms.answers} == {"forms.request_accepted.autre", "forms.request_accepted.epci-vexin"}


async def test_a_caller_of_the_api_cannot_take_the_id_of_a_form(client: Client, inbox: Inbox, forms: Forms) -> None:
    for key in ("/forms/epci-vexin 42", "/forms/epci-vexin42"):
        answer = await client.post("/api/v1/requests", json=a_request(), headers={"Idempotency-Key": key})
        assert answer.status_code == 201
    await inbox.process([a_filed_event(id="42", data=a_request(title="Une autre"))])
    (answer_to_form,) = await forms.answered()
    assert answer_to_form["type"] == "forms.request_accepted.v1"


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "applicant"),
        ({"applicant": "Cergy"}, "applicant"),
        (a_request(applicant={"kind": "commune", "code": "99999"}), "applicant.code"),
        (a_request(fields=["concertation"]), "fields"),
        (a_request(title="nul \u0000"), ""),
        (a_request(title=["a", "list"]), "title"),
        ("Redonner vie au centre-bourg", ""),
        (["a", "list"], ""),
        (None, ""),
    ],
)
async def test_a_form_that_is_not_ours_is_told_what_is_wrong(
    database: Database, inbox: Inbox, forms: Forms, data: Any, field: str
) -> None:
    message = a_filed_event(data=data)
    await inbox.process([message])
    (answer,) = await forms.answered()
    assert answer["type"] == "forms.request_refused.v1"
    assert [key for key, _ in forms.answers] == ["forms.request_refused.epci-vexin"]
    assert answer["data"]["filed_from"] == "/forms/epci-vexin"
    assert answer["data"]["filed_id"] == answer["causationid"] == json.loads(message.body)["id"]
    assert field in [error["field"] for error in answer["data"]["errors"]]
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 0
    assert await database.fetchval("SELECT count(*) FROM request") == 0
    assert await told(database) == []


async def test_what_was_refused_may_be_filed_again_corrected(inbox: Inbox, forms: Forms) -> None:
    await inbox.process([a_filed_event(id="42", data=a_request(title=""))])
    await inbox.process([a_filed_event(id="42")])
    assert [answer["type"] for answer in await forms.answered()] == [
        "forms.request_refused.v1",
        "forms.request_accepted.v1",
    ]


async def test_the_answer_to_a_form_is_small_however_much_is_wrong(inbox: Inbox, forms: Forms) -> None:
    wrong = {f"{number}{'x' * 5_000}": 1 for number in range(300)}
    await inbox.process([a_filed_event(data=a_request(**wrong))])
    (answer,) = await forms.answered()
    assert answer["type"] == "forms.request_refused.v1"
    assert len(answer["data"]["errors"]) == MOST_ERRORS
    assert len(json.dumps(answer)) < 64 * 1024


async def test_a_refused_filing_takes_no_number(client: Client, database: Database, inbox: Inbox) -> None:
    await inbox.process([a_filed_event(data=a_request(programme="ruralites"))])
    assert (await filed(client))["number"].endswith("-000001")
    assert await database.fetchval("SELECT last FROM number_counter") == 1


@pytest.mark.parametrize("member", ["id", "source"])
async def test_a_name_that_no_database_holds_is_put_aside_and_the_rest_flows(
    database: Database, inbox: Inbox, member: str
) -> None:
    poison = a_filed_event(**{member: "nul \u0000"})
    await inbox.process([poison, a_filed_event()])
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 1
    assert await database.fetchval("SELECT count(*) FROM request") == 1


ACCOUNT = Sender("form.epci-vexin", "forms.request_filed.95")


@pytest.fixture
def checking(database: Database, territories: Territories) -> Inbox:
    """The inbox of intake as it runs: it compares each message with the account that published it."""
    return Inbox(database, handlers(territories), service="intake", authenticity=Authenticity(Origins(), "intake"))


@pytest.mark.parametrize("members", [{}, {"departement": "95"}])
@pytest.mark.parametrize("key", ["forms.request_filed.95", "forms.request_filed.v1", "forms.request_filed"])
async def test_an_account_files_however_its_routing_key_ends(
    checking: Inbox, forms: Forms, key: str, members: dict[str, str]
) -> None:
    filed = replace(a_filed_event(**members), routing_key=key, sender=Sender(ACCOUNT.user, key))
    await checking.process([filed])
    assert [answer["type"] for answer in await forms.answered()] == ["forms.request_accepted.v1"]


@pytest.mark.parametrize("missing", ["id", "source", "specversion", "type"])
async def test_an_account_is_told_which_member_its_message_lacks(
    database: Database, checking: Inbox, forms: Forms, missing: str
) -> None:
    event = json.loads(a_filed_event(id="42").body)
    del event[missing]
    await checking.process([Message(json.dumps(event).encode(), ACCOUNT.routing_key, sender=ACCOUNT)])
    (answer,) = await forms.answered()
    assert [key for key, _ in forms.answers] == ["forms.request_refused.epci-vexin"]
    assert (answer["data"]["code"], answer["data"]["filed_id"]) == ("filing_unreadable", event.get("id", ""))
    assert [error["field"] for error in answer["data"]["errors"]] == [missing]
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 0


@pytest.mark.parametrize("body", [b"", b"rubbish", b"[]", b"null", b'{"id": 1}', b'{"id": "nul \\u0000"}', b"\xff\x00"])
async def test_an_account_that_publishes_rubbish_is_told_so_and_alarms_nobody(
    database: Database, checking: Inbox, forms: Forms, body: bytes
) -> None:
    await checking.process([Message(body, ACCOUNT.routing_key, sender=ACCOUNT)] * 3)
    assert [answer["data"]["code"] for answer in await forms.answered()] == ["filing_unreadable"] * 3
    assert await database.fetchval("SELECT count(*) FROM quarantine") == 0
    assert await told(database) == []


async def test_a_body_that_does_not_fit_its_hash_is_answered(checking: Inbox, forms: Forms) -> None:
    await checking.process([replace(a_filed_event(), damaged=True, sender=ACCOUNT)])
    (answer,) = await forms.answered()
    assert answer["data"]["code"] == "filing_damaged"


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "/forms/autre"},
        {"source": "/intake"},
        {"source": "/escalation", "type": "escalation.decision_made.v1"},
        {"type": "escalation.decision_made.v1", "sequence": 1, "subject": "x"},
    ],
)
async def test_what_an_account_forges_is_answered_to_it_alone_and_put_aside(
    database: Database, checking: Inbox, forms: Forms, changes: dict[str, Any]
) -> None:
    await checking.process([replace(a_filed_event(**changes), sender=ACCOUNT)])
    (answer,) = await forms.answered()
    assert [key for key, _ in forms.answers] == ["forms.request_refused.epci-vexin"]
    assert answer["data"]["code"] == "not_for_this_account"
    assert (await database.fetchval("SELECT reason FROM quarantine")).startswith("forged_")
    assert await database.fetchval("SELECT count(*) FROM request") == 0


@pytest.mark.parametrize("user", [None, "form.epci-vexin"])
@pytest.mark.parametrize("key", ["forms.request_filed.95", "forms.request_filed"])
async def test_what_forms_forge_is_bounded_and_no_alarm(
    database: Database, checking: Inbox, monkeypatch: pytest.MonkeyPatch, user: str | None, key: str
) -> None:
    monkeypatch.setattr(quarantine, "MOST_FOREIGN", 5)
    before = REGISTRY.get_sample_value("cousu_messages_forged_total", {"reason": "forged_source"})
    sender = Sender(user, key)
    for _ in range(8):
        await checking.process([replace(a_filed_event(source="/forms/autre"), routing_key=key, sender=sender)])
    shown = await figures(database, "intake")
    assert (shown.quarantine, shown.quarantine_foreign) == (0, 5)
    assert REGISTRY.get_sample_value("cousu_messages_forged_total", {"reason": "forged_source"}) == before
    await gauges.measure(database)
    assert REGISTRY.get_sample_value("cousu_quarantine_messages") == 0
    await checking.process([Message(b"rubbish", "qualification.request_registered.95")])
    assert (await figures(database, "intake")).quarantine == 1
