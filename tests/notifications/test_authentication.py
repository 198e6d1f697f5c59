"""Replies by mail say when the receiving server does not vouch for who sent them (RFC 8601)."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifications.adapters.inbound_mail import InboundMail
from services.notifications.adapters.mail_reader import read
from services.notifications.domain import authentication
from services.notifications.domain.authentication import LONGEST_FIELD, MOST_FIELDS, is_authenticated
from services.notifications.settings import InboundMailAddress
from services.notifications.usecases.parts import Parts
from shared.db import Database
from tests.notifications.conftest import World
from tests.notifications.test_incoming import RETURNS, InboundClient, a_reply, app, parts, settings

__all__ = ["app", "parts", "settings"]

OURS = "mx.reponses.test"
SENDER = "contact@commune.test"


def vouched(*fields: str, sender: str = SENDER) -> bool:
    return is_authenticated(fields, server=OURS, sender=sender)


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (f"{OURS}; dmarc=pass header.from=commune.test", True),
        (f"{OURS}; dmarc=fail header.from=commune.test; spf=pass smtp.mailfrom=autre.test", False),
        (f"{OURS}; dkim=pass header.d=commune.test header.s=a", True),
        (f"{OURS}; dkim=pass header.i=@mail.commune.test", True),
        (f"{OURS}; dkim=pass header.d=autre.test", False),
        (f"{OURS}; dkim=pass header.d=ecommune.test", False),
        (f"{OURS}; dkim=pass header.d=test", False),
        (f"{OURS}; spf=pass smtp.mailfrom=contact@commune.test", True),
        (f"{OURS}; spf=softfail smtp.mailfrom=contact@commune.test", False),
        (f"{OURS} 1; SPF/1=Pass (10.0.0.1 is allowed; dmarc=pass) smtp.mailfrom=Commune.Test", True),
        (f"{OURS}; spf=fail (dkim=pass header.d=commune.test; dmarc=pass) smtp.mailfrom=x", False),
        (f'{OURS}; spf=fail reason="; dmarc=pass header.from=commune.test; "', False),
        (f"{OURS}; iprev=pass policy.iprev=192.0.2.1", False),
        (f"{OURS}; none", False),
        ("", False),
        ("mx.autre.test; dmarc=pass header.from=commune.test", False),
    ],
)
def test_a_result_of_the_senders_own_domain_vouches_for_them(field: str, *, expected: bool) -> None:
    assert vouched(field) is expected


def test_only_the_topmost_field_of_the_configured_server_counts() -> None:
    passed, failed = f"{OURS}; dmarc=pass header.from=commune.test", f"{OURS}; dmarc=fail header.from=commune.test"
    assert not vouched(failed, passed)
    assert vouched("mx.autre.test; dmarc=fail", passed, failed)
    assert not vouched("mx.autre.test; dmarc=pass header.from=commune.test", failed)
    assert not vouched()
    assert not vouched(passed, sender="")


@given(
    st.lists(st.text(alphabet=st.sampled_from('mx.reponses.test;=()"\\ dmarcspf@\n\x00é'), max_size=300), max_size=20)
)
def test_no_text_breaks_it(fields: list[str]) -> None:
    assert not is_authenticated(fields, server="no-such-server.test", sender=SENDER)


def test_of_long_and_many_fields_only_so_much_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    lengths = []

    def counting(field: str) -> list[list[str]]:
        lengths.append(len(field))
        return original(field)

    original = authentication._parts  # noqa: SLF001 - what costs is looked at
    monkeypatch.setattr(authentication, "_parts", counting)
    assert not vouched(*["(;" * LONGEST_FIELD] * 10 * MOST_FIELDS)
    assert lengths == [LONGEST_FIELD] * MOST_FIELDS


def test_without_a_server_nothing_is_said_of_it() -> None:
    reply = a_reply(Authentication_Results=f"{OURS}; dmarc=pass header.from=commune.test")
    assert read(reply.as_bytes(), return_path=SENDER).authenticated is None
    assert read(reply.as_bytes(), return_path=SENDER, server=OURS).authenticated is True
    assert read(a_reply().as_bytes(), return_path=SENDER, server=OURS).authenticated is False


@dataclass(frozen=True, slots=True)
class Case:
    """A reply, and what agents read below it."""

    field: str
    marked: bool


@pytest.mark.parametrize(
    "case",
    [
        Case(f"{OURS}; dmarc=pass header.from=commune.test", marked=False),
        Case(f"{OURS}; dmarc=fail header.from=commune.test", marked=True),
        Case("mx.commune.test; dmarc=pass header.from=commune.test", marked=True),
    ],
)
async def test_a_reply_that_nobody_vouches_for_is_kept_and_says_so(
    world: World, database: Database, parts: Parts, free_ports: Callable[[int], list[int]], case: Case
) -> None:
    (port,) = free_ports(1)
    room = InboundMail(database, parts, parts.returns, server=OURS)  # type: ignore[arg-type] # the settings have a way back
    async with room.listening(InboundMailAddress("smtp", "127.0.0.1", port)):
        inbound = InboundClient(port, database)
        await world.filed()
        reply = a_reply(Authentication_Results=case.field)
        to = RETURNS.of("reponse", await inbound.mail_to("applicant"))
        assert (await inbound.is_given(reply, to=to)).startswith("250")
        (told,) = await inbound.replies()
    assert told["text"].startswith("Mardi nous convient.")
    assert ("n’a pas pu vérifier que ce courriel vient bien de cette adresse" in told["text"]) is case.marked
