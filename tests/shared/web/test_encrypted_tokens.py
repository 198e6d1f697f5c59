"""What the browser stores for us is unreadable and opens only for its purpose and in time."""

from datetime import timedelta
from typing import Any

from shared import clock
from shared.web.encrypted_tokens import TokenCipher


def test_what_is_sealed_opens_once_more_only_for_its_purpose_and_in_time() -> None:
    cipher, now = TokenCipher("s" * 32, purpose="sign-in"), clock.now()
    value: dict[str, Any] = {"state": "été"}
    sealed = cipher.encrypt(value, at=now, lifetime=timedelta(minutes=1))
    assert cipher.decrypt(sealed, at=now) == value
    assert cipher.decrypt(sealed, at=now + timedelta(minutes=1)) is None
    assert TokenCipher("s" * 32, purpose="sign-out").decrypt(sealed, at=now) is None
    assert TokenCipher("t" * 32, purpose="sign-in").decrypt(sealed, at=now) is None
    for spoiled in ("", "x", sealed[:-2], sealed.replace(".", "", 1), "é", f"{sealed}A"):
        assert cipher.decrypt(spoiled, at=now) is None
