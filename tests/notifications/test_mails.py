"""Every template says in text and in HTML the same, and nothing that people typed becomes structure."""

import re
from datetime import date, timedelta
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser
from uuid import uuid4

import pytest

from services.notifications.adapters.mail_sender import MailSender, Unwritable
from services.notifications.domain.audiences import Mail, templates
from services.notifications.domain.directory import unnamed_service
from services.notifications.domain.mail_text import WRITE_ABOVE
from services.notifications.rendering import examples
from services.notifications.rendering.renderer import MailRenderer, RenderedMail, one_line, quote
from services.notifications.store.followers import Follower
from services.notifications.usecases.send import OutgoingMail
from shared.contracts import escalation, intake, qualification
from shared.contracts.fact import Fact
from shared.contracts.vocabulary import ApplicantKind, WithdrawalReason
from shared.db import Database
from tests.notifications.conftest import World

LINK = "http://intake.test/suivi/jeton"
EVERY_TEMPLATE = pytest.mark.parametrize(
    ("fact", "mail"),
    [
        pytest.param(fact, mail, id=f"{mail.template}-{mail.audience}")
        for kind, mail in templates()
        for fact in examples.examples_of(kind, mail)
    ],
)
"""Each template with each of the examples that make it."""


@pytest.fixture(scope="module")
def letters() -> MailRenderer:
    return MailRenderer()


def written(letters: MailRenderer, template: str, fact: Fact, **changes: object) -> RenderedMail:
    context = {
        "fact": fact,
        "request": examples.KNOWN,
        "service": examples.SERVICE,
        "instead_of": None,
        "follower": None,
        "attached": True,
        "write_above": "",
        "preferences": "http://notifications.test/preferences",
        "today": date(2030, 1, 1),
        **changes,
    }
    return letters.write(template, context, link=LINK)


class Reader(HTMLParser):
    """Reads a page the way a browser does: its tags, its links and its words."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.words = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag and where it leads."""
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        """Note what is read."""
        self.words += data


@EVERY_TEMPLATE
def test_every_template_is_a_whole_mail_with_one_link(letters: MailRenderer, fact: Fact, mail: Mail) -> None:
    letter = written(letters, mail.template, fact)
    page = Reader(letter.html)
    assert letter.subject
    assert "\n" not in letter.subject
    if mail.audience != "operator" and not isinstance(fact, qualification.PactFact):  # who are told of no request
        assert examples.NUMBER in letter.subject
    assert letter.text.count(LINK) == 1
    assert page.links == [LINK]
    assert "{" not in letter.text
    assert letter.text.startswith("Bonjour")
    plain = re.sub(r"^(> ?|- |-+$)", "", letter.text, flags=re.MULTILINE)
    for line in map(str.strip, plain.splitlines()):
        if line != LINK:
            assert line.removesuffix("\u00a0:") in " ".join(page.words.split("\n"))


@EVERY_TEMPLATE
def test_french_typography_is_kept_in_every_template(letters: MailRenderer, fact: Fact, mail: Mail) -> None:
    letter = written(letters, mail.template, fact)
    assert "'" not in letter.text
    assert not re.search(r"[\w»] [:;?!]|« | »", letter.text)
    assert not re.search(r"[ \t]{2,}", letter.text.replace("\n", " ").replace("  ", " "))


def test_the_applicant_s_mails_are_signed_by_the_departement(letters: MailRenderer) -> None:
    for fact, mail in templates():
        if mail.audience == "applicant":
            text = written(letters, mail.template, examples.examples_of(fact, mail)[0]).text
            for part in (
                examples.SERVICE.name,
                examples.SERVICE.address,
                examples.SERVICE.email,
                examples.SERVICE.phone,
            ):
                assert text.count(str(part)) == 1, (mail.template, part)


def test_the_acknowledgement_says_what_it_must(letters: MailRenderer) -> None:
    text = written(letters, "request_submitted", examples.example_of(intake.RequestSubmitted)).text
    for said in (examples.NUMBER, "mardi 12\u00a0janvier 2027 à 14\u00a0h\u00a005", "Ce qui se passe ensuite"):
        assert said in text
    assert "ne vaut pas accord" in text


def test_a_service_without_known_coordinates_gets_none_invented(letters: MailRenderer) -> None:
    fact = examples.example_of(intake.RequestSubmitted)
    text = written(letters, "request_submitted", fact, service=unnamed_service("78")).text
    assert "Téléphone" not in text
    assert "None" not in text
    assert "seront sur la page de suivi" in text


HOSTILE = 'x\r\nBcc: tous@mechant.test\r\n\r\n<script>alert(1)</script>\n@ Cliquez ici\n# Titre\u202e "{{ 7 * 7 }}"'


def test_what_people_type_never_becomes_structure(letters: MailRenderer) -> None:
    request = examples.KNOWN.__class__(
        **{name: getattr(examples.KNOWN, name) for name in examples.KNOWN.__slots__}
        | {"title": HOSTILE, "contact_name": HOSTILE, "applicant": HOSTILE}
    )
    fact = examples.example_of(qualification.MessagePosted).model_copy(update={"text": HOSTILE})
    letter = written(letters, "message_posted", fact, request=request)
    page = Reader(letter.html)
    assert page.links == [LINK]
    assert "script" not in page.tags
    assert "{{ 7 * 7 }}" in letter.text
    assert "\nBcc:" not in letter.text
    assert "\u202e" not in letter.text
    assert "> @ Cliquez ici" in letter.text


def a_mail_sender() -> MailSender:
    mail_sender = MailSender.__new__(MailSender)
    MailSender.__init__(
        mail_sender,
        None,  # type: ignore[arg-type] # writing needs no database
        None,  # type: ignore[arg-type] # nor an parts
        server=None,  # type: ignore[arg-type] # nor a server
        sender="Cousu-main <ne-pas-repondre@cousu.test>",
    )
    return mail_sender


def an_outgoing(**changes: object) -> OutgoingMail:
    delivery_id = uuid4()
    told: dict[str, object] = {
        "attempt_id": uuid4(),
        "delivery_id": delivery_id,
        "round": 0,
        "thread_id": delivery_id,
        "recipient": "contact@commune.test",
        "reply_to": "sat@departement.test",
        "return_path": None,
        "subject": "95-2027-000123 – Réponse",
        "text": "Bonjour",
        "html": "<p>Bonjour</p>",
    }
    return OutgoingMail(**{**told, **changes})  # type: ignore[arg-type] # a factory of one class


def test_who_chose_a_mail_is_told_where_to_end_it_and_nobody_ends_official_ones() -> None:
    chosen = message_from_bytes(a_mail_sender().write(an_outgoing(unsubscribe="https://n.test/preferences")))
    assert chosen["List-Unsubscribe"] == "<https://n.test/preferences>"
    assert message_from_bytes(a_mail_sender().write(an_outgoing()))["List-Unsubscribe"] is None


def test_a_decision_of_a_later_day_is_no_past(letters: MailRenderer) -> None:
    fact = examples.example_of(escalation.DecisionMade)
    assert isinstance(fact, escalation.DecisionMade)
    day = fact.decision.decided_on
    told = {days: written(letters, "decision_made", fact, today=day - timedelta(days=days)).text for days in (0, 13)}
    assert "a examiné votre demande" in told[0]
    assert "prend effet le" not in told[0]
    assert "Sa décision prend effet le" in told[13]


@pytest.mark.parametrize("template", ["decision_made", "decision_for_departement"])
def test_a_corrected_decision_says_what_changes_where_the_event_knows_it(letters: MailRenderer, template: str) -> None:
    fact = examples.example_of(escalation.DecisionCorrected)
    assert isinstance(fact, escalation.DecisionCorrected)
    told = written(letters, template, fact).text
    assert "Montant\u00a0: 25\u00a0000\u00a0€ (auparavant\u00a0: 40\u00a0000\u00a0€)" in told
    assert "Réserve\u00a0: ajoutée" in told
    of_before = written(letters, template, fact.model_copy(update={"was": None})).text
    assert "Elle remplace la décision" in of_before
    assert "Ce qui change" not in of_before


def test_a_correction_announces_no_beginning_of_what_is_under_way(letters: MailRenderer) -> None:
    fact = examples.example_of(escalation.DecisionCorrected)
    assert isinstance(fact, escalation.DecisionCorrected)
    beginning = "dès que l’accompagnement commence"
    assert beginning in written(letters, "decision_made", fact).text
    told = written(letters, "decision_made", fact.model_copy(update={"under_way": True})).text
    assert beginning not in told
    assert "a corrigé le" in told
    assert "a examiné" not in told


def test_a_subject_cannot_add_a_header() -> None:
    sent = message_from_bytes(a_mail_sender().write(an_outgoing(subject=one_line(HOSTILE))), policy=default)
    assert sent["Bcc"] is None
    assert sent.get_content_type() == "multipart/alternative"


@pytest.mark.parametrize("header", ["subject", "recipient", "reply_to"])
def test_a_line_break_that_reached_a_header_is_refused(header: str) -> None:
    with pytest.raises(Unwritable):
        a_mail_sender().write(an_outgoing(**{header: "x@y.test\r\nBcc: tous@mechant.test"}))


def test_mail_travels_as_seven_bit_lines_within_limits() -> None:
    raw = a_mail_sender().write(an_outgoing(text="é" * 5000, html="<p>" + "à" * 5000 + "</p>"))
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    raw.decode("ascii")


def test_a_quotation_keeps_its_lines() -> None:
    assert quote("un\r\n\r\ndeux\u2028trois") == "> un\n> \n> deux\n> trois"


@pytest.mark.parametrize("template", ["request_withdrawn", "withdrawal_declined"])
def test_a_colleague_did_not_ask_for_the_withdrawal(letters: MailRenderer, template: str) -> None:
    kind = {"request_withdrawn": escalation.WithdrawalAccepted, "withdrawal_declined": escalation.WithdrawalDeclined}
    fact = examples.example_of(kind[template])
    colleague = written(letters, template, fact, follower=Follower(uuid4(), "Ali Colin", "ali@commune.test"))
    assert "Le retrait de cette demande" in colleague.text
    assert "otre demande" not in colleague.subject + colleague.text
    assert "Vous avez demandé" not in colleague.text
    assert "demandé" in written(letters, template, fact).text


@pytest.mark.parametrize("template", ["withdrawal_declined", "withdrawal_too_late"])
def test_a_refused_request_does_not_go_on(letters: MailRenderer, template: str) -> None:
    declined = examples.example_of(escalation.WithdrawalDeclined)
    text = written(letters, template, declined.model_copy(update={"reason": WithdrawalReason.REFUSED})).text
    assert "la demande a été refusée" in text
    assert "si son projet s’arrête" not in text
    assert "suit donc son cours" not in text
    assert "projet s’arrête" in written(letters, template, declined).text


def test_a_provider_is_not_asked_to_answer_what_needs_no_answer(letters: MailRenderer) -> None:
    fact = examples.example_of(qualification.WithdrawalAccepted)
    text = written(letters, "orientation_cancelled", fact, write_above=WRITE_ABOVE).text
    assert WRITE_ABOVE not in text
    assert "répondre au nom" not in text
    assert "Le lien ci-dessus est personnel." in text


def test_money_is_said_to_go_back_where_it_came_from(letters: MailRenderer) -> None:
    for kind, where in (
        (escalation.WithdrawalAccepted, "est rendu à l’enveloppe nationale (et au lot)."),
        (qualification.WithdrawalAccepted, "est rendu à l’enveloppe."),
    ):
        fact = examples.example_of(kind).model_copy(update={"given_back_cents": 12_000_00})
        assert where in written(letters, "withdrawn_for_team", fact).text


WRITTEN = "GAGNEZ 1000 EUROS http://evil.example"
"""What a stranger may write as a title or a name."""


@pytest.mark.parametrize("kind", ["request_submitted", "tracking_link_replaced", "colleague_invited"])
async def test_mails_that_a_stranger_causes_hold_nothing_that_the_stranger_wrote(
    world: World, database: Database, kind: str
) -> None:
    filed = examples.example_of(intake.RequestSubmitted)
    invited = examples.example_of(intake.ColleagueInvited)
    assert isinstance(filed, intake.RequestSubmitted)
    assert isinstance(invited, intake.ColleagueInvited)
    applicant = filed.request.applicant.model_copy(update={"kind": ApplicantKind.PRIORITY, "name": WRITTEN})
    contact = filed.request.contact.model_copy(update={"name": WRITTEN})
    request = filed.request.model_copy(
        update={"title": WRITTEN, "description": WRITTEN, "applicant": applicant, "contact": contact}
    )
    await world.consume(
        filed.model_copy(update={"request": request}),
        examples.example_of(intake.TrackingLinkReplaced),
        invited.model_copy(update={"name": WRITTEN}),
    )
    (mail,) = await database.fetch(
        "SELECT subject || text_body || html_body AS said FROM delivery WHERE template = $1", kind
    )
    assert "GAGNEZ" not in mail["said"]
    assert "evil.example" not in mail["said"]
