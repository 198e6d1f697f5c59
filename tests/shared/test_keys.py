"""A secret key has an id and a successor: what an older one made still opens, and the newest one makes what is new."""

import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import uuid4

import pytest
from pydantic import SecretStr, TypeAdapter, ValidationError

from services.notifications.domain.return_addresses import ReturnAddresses
from services.notifications.domain.webhooks import Secrets
from shared.keys import Key, SecretKeys, keys
from shared.links import Links
from shared.web.encrypted_tokens import TokenCipher

OLD: Final = "o" * 32
NEW: Final = "n" * 32
ROTATED: Final = (f"2027:{NEW},{OLD}", f"2027:{NEW}, legacy:{OLD}")
"""The successor of a key without an id; the older one may go on without, or be given one."""
ANNOUNCED: Final = (f"{OLD},2027:{NEW}", f"legacy:{OLD},2027:{NEW}")
"""The step before: the successor is known to all services, and none uses it yet."""
AT: Final = datetime(2027, 1, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)


def test_a_setting_holds_keys_newest_first() -> None:
    assert keys(f"b:{NEW},a:{OLD}") == (Key("b", NEW), Key("a", OLD))
    assert keys(OLD) == (Key("", OLD),)
    assert OLD not in repr(keys(OLD))


@pytest.mark.parametrize("setting", ROTATED)
def test_links_of_the_older_key_still_open_and_new_ones_need_the_newer(setting: str) -> None:
    rotated, target = Links(setting, "tracking"), uuid4()
    assert rotated.read(Links(OLD, "tracking").token(target)) == (target, 1)
    assert Links(NEW, "tracking").read(rotated.token(target)) == (target, 1)
    assert Links(OLD, "tracking").read(rotated.token(target)) is None


@pytest.mark.parametrize("setting", ROTATED)
def test_addresses_of_the_older_key_still_lead_back_to_their_mail(setting: str) -> None:
    rotated, mail = ReturnAddresses("exemple.fr", setting), uuid4()
    assert rotated.read(ReturnAddresses("exemple.fr", OLD).of("reponse", mail)) == ("reponse", mail)
    assert ReturnAddresses("exemple.fr", NEW).read(rotated.of("rebond", mail)) == ("rebond", mail)


@pytest.mark.parametrize("setting", ANNOUNCED)
def test_a_successor_that_is_announced_opens_and_does_not_seal_yet(setting: str) -> None:
    announced, target = Links(setting, "tracking"), uuid4()
    assert Links(OLD, "tracking").read(announced.token(target)) == (target, 1)
    assert announced.read(Links(NEW, "tracking").token(target)) == (target, 1)
    sealed = TokenCipher(f"2027:{NEW}", purpose="trial").encrypt({"who": "x"}, at=AT, lifetime=HOUR)
    assert TokenCipher(setting, purpose="trial").decrypt(sealed, at=AT) == {"who": "x"}


@pytest.mark.parametrize("setting", ROTATED + ANNOUNCED)
def test_what_the_older_key_sealed_still_opens(setting: str) -> None:
    sealed = TokenCipher(OLD, purpose="trial").encrypt({"who": "x"}, at=AT, lifetime=HOUR)
    assert TokenCipher(setting, purpose="trial").decrypt(sealed, at=AT) == {"who": "x"}


def test_a_sealed_value_names_its_key_and_opens_with_that_one_alone() -> None:
    sealed = TokenCipher(f"a:{OLD}", purpose="trial").encrypt({"who": "x"}, at=AT, lifetime=HOUR)
    assert json.loads(urlsafe_b64decode(sealed.partition(".")[0] + "=="))["kid"] == "a"
    assert TokenCipher(f"b:{NEW},a:{OLD}", purpose="trial").decrypt(sealed, at=AT) == {"who": "x"}
    assert TokenCipher(f"b:{NEW}", purpose="trial").decrypt(sealed, at=AT) is None
    assert TokenCipher(f"b:{OLD}", purpose="trial").decrypt(sealed, at=AT) is None


@pytest.mark.parametrize("text", ["", "x", "a.b.c.d.e", "é" * 40, "e30.e30.e30.e30.e30"])
def test_other_texts_open_with_no_key(text: str) -> None:
    assert TokenCipher(f"b:{NEW},{OLD}", purpose="trial").decrypt(text, at=AT) is None


def test_partners_may_verify_with_the_secret_of_either_key() -> None:
    webhook = uuid4()
    assert Secrets(f"b:{NEW},{OLD}").every(webhook, 1) == [Secrets(NEW).of(webhook, 1), Secrets(OLD).of(webhook, 1)]


@pytest.mark.parametrize("setting", ["short", f"b:{NEW},a:short", f"{NEW},{OLD}", f"a:{NEW},a:{OLD}", f"b:{NEW},"])
def test_short_keys_and_repeated_ids_are_refused(setting: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(SecretKeys).validate_python(SecretStr(setting))
