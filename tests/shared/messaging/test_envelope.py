"""What is accepted as an event, and what is not."""

import json

import pytest

from shared.clock import new_id
from shared.messaging.envelope import Envelope, Unreadable
from tests.shared.messaging.conftest import a_message
from tests.wire import wire


def test_an_envelope_of_ours_is_read() -> None:
    fact = a_message(new_id())
    envelope = Envelope.read(wire(fact, 3))
    assert (envelope.source, envelope.subject, envelope.sequence) == ("/intake", str(fact.request_id), 3)
    assert envelope.data["text"] == "Bonjour"


def test_members_that_are_new_to_us_are_ignored() -> None:
    assert Envelope.read(wire(a_message(new_id()), 1, dataschema="urn:x", somethingnew="1")).sequence == 1


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"[]",
        b'{"specversion":"1.0"}',
        b"\xff\xfe",
        wire(a_message(new_id()), 0),
        wire(a_message(new_id()), 2**63),
        wire(a_message(new_id()), 1, departement="95\x00"),
        wire(a_message(new_id()), 1, specversion="0.3"),
        wire(a_message(new_id()), 1, previoushash="0" * 64),
        wire(a_message(new_id()), 2, previoushash="0" * 63),
        wire(a_message(new_id()), 1, type="RequestSubmitted"),
        wire(a_message(new_id()), 1, data=[]),
        wire(a_message(new_id()), 1, subject=""),
        wire(a_message(new_id()), 1, id=""),
        wire(a_message(new_id()), 1, correlationid="c" * 301),
    ],
)
def test_what_is_no_envelope_is_unreadable(body: bytes) -> None:
    with pytest.raises(Unreadable):
        Envelope.read(body)


def test_a_sequence_needs_a_subject() -> None:
    body = json.loads(wire(a_message(new_id()), 1))
    del body["subject"]
    with pytest.raises(Unreadable, match="without a subject"):
        Envelope.read(json.dumps(body).encode())


def test_the_reason_never_quotes_what_was_sent() -> None:
    with pytest.raises(Unreadable) as refused:
        Envelope.read(wire(a_message(new_id()), 1, specversion="secret-value"))
    assert "secret-value" not in str(refused.value)
