"""Who is told what, how long a mail is tried, when a digest leaves: decided without any database."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.domain.audiences import AUDIENCES, DIGEST, WEBHOOK_SUSPENDED, Nobody, mails_of, templates
from services.notifications.domain.deliveries import (
    MOST_UNANSWERED,
    TRIED_FOR,
    Delivery,
    Status,
    next_attempt,
    pause_before_next,
    without_addresses,
)
from services.notifications.domain.directory import Directory, ServiceInCharge
from services.notifications.domain.preferences import Cadence, Preference
from services.notifications.rendering import examples
from services.notifications.rendering.renderer import FOLDER
from services.notifications.settings import Settings, read_services
from shared.contracts import FACTS, escalation, intake, notifications, qualification
from shared.contracts.vocabulary import CommitteeOutcome
from shared.errors import IllegalMove
from shared.french.dates import PARIS, zone_of

NOW = datetime(2027, 1, 12, 13, 5, tzinfo=UTC)
PUBLISHED = Settings.model_fields["departements_file"].default


def test_every_fact_has_its_audience_or_nobody_on_purpose() -> None:
    assert set(AUDIENCES) == set(FACTS)


def test_who_gets_nothing_is_told_why() -> None:
    assert all(mails.why for mails in AUDIENCES.values() if isinstance(mails, Nobody))


def test_every_fact_that_makes_a_mail_has_an_example() -> None:
    assert {fact for fact, _ in templates()} == {type(fact) for fact in examples.facts()}


def test_every_template_file_is_used_and_every_used_template_exists() -> None:
    files = {path.stem for path in FOLDER.glob("*.txt") if not path.stem.startswith("_")}
    assert files == {mail.template for _, mail in templates()} | {DIGEST, WEBHOOK_SUSPENDED}


def test_only_the_departement_writes_to_the_applicant_by_his_own_link() -> None:
    assert {mail.link for _, mail in templates() if mail.audience == "applicant"} == {"tracking"}


OUTSIDE = {"applicant", "provider", "party"}


def test_agents_have_a_bell_and_people_outside_have_mail_alone() -> None:
    for _, mail in templates():
        assert ("bell" in mail.channels) == (mail.audience not in OUTSIDE), mail.template


def test_what_people_outside_must_know_never_waits_for_a_digest() -> None:
    told_outside = [mail for _, mail in templates() if mail.audience in OUTSIDE]
    assert told_outside
    assert {mail.cadence for mail in told_outside} == {Cadence.INSTANT}


def test_the_applicant_gets_at_most_one_mail_of_an_event() -> None:
    for fact in examples.facts():
        told = [mail for mail in mails_of(fact, national=True) if mail.audience == "applicant"]
        assert len(told) <= 1, fact.wire_type


def test_a_returned_decision_tells_the_applicant_that_the_departement_goes_on() -> None:
    made = examples.example_of(escalation.DecisionMade)
    assert isinstance(made, escalation.DecisionMade)
    returned = made.model_copy(
        update={"decision": made.decision.model_copy(update={"outcome": CommitteeOutcome.RETURNED})}
    )
    assert mails_of(returned, national=True)[0].template == "examination_resumed"
    assert mails_of(made, national=True)[0].template == "decision_made"


def test_documents_filed_with_the_request_make_no_mail_of_their_own() -> None:
    later = examples.example_of(intake.DocumentAdded)
    filed = later.model_copy(update={"with_request": True})
    assert [mail.template for mail in mails_of(later, national=False)] == ["document_added"]
    assert mails_of(filed, national=False) == ()


def test_the_national_team_hears_of_a_withdrawal_only_when_it_had_the_request() -> None:
    withdrawn = examples.example_of(qualification.WithdrawalAccepted)
    assert "national" not in {mail.audience for mail in mails_of(withdrawn, national=False)}
    assert "national" in {mail.audience for mail in mails_of(withdrawn, national=True)}


def test_a_mail_about_a_failed_mail_makes_no_other_when_it_fails() -> None:
    failed = examples.example_of(notifications.DeliveryFailed)
    assert [mail.audience for mail in mails_of(failed, national=False)] == ["departement"]
    again = failed.model_copy(update={"audience": "departement", "template": "delivery_problem"})
    assert mails_of(again, national=False) == ()


@given(attempts=st.integers(1, 200), chance=st.floats(0, 1))
def test_pauses_grow_within_bounds(attempts: int, chance: float) -> None:
    pause = pause_before_next(attempts, chance)
    assert timedelta(seconds=22) <= pause <= timedelta(hours=5)


def test_a_mail_is_tried_for_two_days_and_about_twenty_times() -> None:
    at, attempts = NOW, 1
    while (due := next_attempt(attempts=attempts, unanswered=0, tried_since=NOW, at=at, chance=0.5)) is not None:
        assert due > at
        at, attempts = due, attempts + 1
    assert at <= NOW + TRIED_FOR
    assert 15 < attempts < 30


def test_a_mail_that_got_no_answer_too_often_is_not_tried_again() -> None:
    def due(unanswered: int) -> datetime | None:
        return next_attempt(attempts=unanswered, unanswered=unanswered, tried_since=NOW, at=NOW, chance=0.5)

    assert due(MOST_UNANSWERED - 1) is not None
    assert due(MOST_UNANSWERED) is None


def a_delivery(**changes: object) -> Delivery:
    told: dict[str, object] = {
        "id": uuid4(),
        "status": Status.FAILED,
        "attempts": 1,
        "round": 0,
        "next_attempt_at": None,
        "tried_since": NOW - timedelta(days=3),
        "recipient": "contact@commune.test",
    }
    return Delivery(**{**told, **changes})  # type: ignore[arg-type] # a factory of one class


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNCERTAIN])
def test_what_failed_or_is_uncertain_goes_again_under_the_same_identity(status: Status) -> None:
    delivery = a_delivery(status=status)
    delivery.resend(recipient="autre@commune.test", at=NOW)
    assert (delivery.status, delivery.round, delivery.recipient) == (Status.QUEUED, 0, "autre@commune.test")
    assert delivery.tried_since == NOW


def test_what_was_sent_goes_again_as_another_mail() -> None:
    delivery = a_delivery(status=Status.SENT)
    delivery.resend(recipient=delivery.recipient, at=NOW)
    assert delivery.round == 1


@pytest.mark.parametrize(
    "changes",
    [{"status": Status.SENDING}, {"status": Status.QUEUED, "attempts": 0, "next_attempt_at": NOW}],
)
def test_what_is_under_way_is_not_sent_again(changes: dict[str, object]) -> None:
    delivery = a_delivery(**changes)
    assert delivery.allowed_actions(may_resend=True, at=NOW) == []
    with pytest.raises(IllegalMove) as refused:
        delivery.resend(recipient=delivery.recipient, at=NOW)
    assert refused.value.state == changes["status"]


def test_what_waits_for_another_attempt_or_a_digest_can_leave_now() -> None:
    assert a_delivery(status=Status.QUEUED, attempts=1, next_attempt_at=NOW).allowed_actions(may_resend=True, at=NOW)
    tomorrow = NOW + timedelta(days=1)
    waiting = a_delivery(status=Status.QUEUED, attempts=0, next_attempt_at=tomorrow)
    assert waiting.allowed_actions(may_resend=True, at=NOW) == ["resend"]


def test_a_server_s_words_are_kept_without_addresses() -> None:
    assert without_addresses("550 <maire@commune.test>:\r\n no such user") == "550 <…>: no such user"


@pytest.mark.parametrize(
    ("preference", "expected"),
    [
        (Preference(Cadence.INSTANT), NOW),
        (Preference(Cadence.DAILY, hour=8), datetime(2027, 1, 13, 8, tzinfo=PARIS)),
        (Preference(Cadence.DAILY, hour=18), datetime(2027, 1, 12, 18, tzinfo=PARIS)),
        (Preference(Cadence.WEEKLY, hour=8, weekday=0), datetime(2027, 1, 18, 8, tzinfo=PARIS)),
        (Preference(Cadence.WEEKLY, hour=8, weekday=1), datetime(2027, 1, 19, 8, tzinfo=PARIS)),
        (Preference(Cadence.WEEKLY, hour=15, weekday=1), datetime(2027, 1, 12, 15, tzinfo=PARIS)),
    ],
)
def test_a_digest_leaves_at_the_chosen_hour(preference: Preference, expected: datetime) -> None:
    assert preference.due(NOW, PARIS) == expected


def test_a_digest_leaves_at_the_reader_s_own_hour_overseas() -> None:
    assert Preference(Cadence.DAILY, hour=8).due(NOW, zone_of("974")).utcoffset() == timedelta(hours=4)


def test_the_published_service_of_the_val_d_oise_is_known_and_nothing_is_invented_elsewhere() -> None:
    directory = Directory(services=read_services(PUBLISHED))
    assert directory.service("95").email == "anct95@val-doise.gouv.fr"
    elsewhere = directory.service("78")
    assert (elsewhere.email, elsewhere.phone, elsewhere.address) == (None, None, None)


def test_a_service_that_presents_itself_is_believed_where_nothing_was_configured() -> None:
    learned = ServiceInCharge(name="SAT des Yvelines", email="sat@yvelines.test")
    assert Directory().service("78", learned) == learned
    configured = ServiceInCharge(name="SAT du Val-d’Oise", email="sat@val-doise.test")
    assert Directory(services={"95": configured}).service("95", learned) == configured
