"""Encrypt small values with the service's secret into short-lived tokens, for cookies, links and mandates."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import GuestProtocol, OctKey

from shared.keys import keys

_HEADER = {"alg": "dir", "enc": "A256GCM"}

BEFORE_IDS = ("", "legacy")
"""Ids of the key that sealed before keys had ids."""


class TokenCipher:
    """Seals small values with the service's secret, for one purpose: what is sealed for another does not open.

    The newest of its keys (`shared.keys`) seals and names itself (`kid`); what names no key was sealed before keys had
    ids, and opens with the key that has none, or is called `legacy`, or is the last one.
    """

    def __init__(self, secret: str, *, purpose: str) -> None:
        self._keys = {
            key.id: OctKey.import_key(hashlib.sha256(f"{purpose}\0{key.secret}".encode()).digest())
            for key in keys(secret)
        }

    def encrypt(self, value: dict[str, Any], *, at: datetime, lifetime: timedelta) -> str:
        """Encrypt a value; it can be decrypted until its lifetime is over."""
        held = json.dumps({"value": value, "until": (at + lifetime).timestamp()}, separators=(",", ":"))
        newest, key = next(iter(self._keys.items()))
        return jwe.encrypt_compact(_HEADER | ({"kid": newest} if newest else {}), held, key)

    def decrypt(self, sealed: str, *, at: datetime) -> dict[str, Any] | None:
        """Give what was sealed; None when it is not ours, changed, or too old."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key_of).plaintext
        except (JoseError, ValueError, KeyError):
            return None
        if plain is None:
            return None
        held = json.loads(plain)
        if held["until"] <= at.timestamp():
            return None
        value: dict[str, Any] = held["value"]
        return value

    def _key_of(self, sealed: GuestProtocol) -> OctKey:
        """Return the key that a sealed value names. Raises `KeyError` for one that is not ours."""
        named = sealed.headers().get("kid")
        if named is None:
            named = next((name for name in BEFORE_IDS if name in self._keys), next(reversed(self._keys)))
        return self._keys[named]
