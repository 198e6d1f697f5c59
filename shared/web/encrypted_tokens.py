"""Encrypted tokens (JWE, AES-256-GCM) for cookies and links: browsers carry them and cannot read or change them."""

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
"""Ids of the key of tokens that name none: they were made before keys had ids."""


class TokenCipher:
    """Encrypts small values with the service's secret, for one purpose; a token of another purpose is refused.

    The newest of its keys (`shared.keys`) encrypts and is named in the token (`kid`). A token without a name was made
    before keys had ids; it is decrypted with the key that has no id, or is called `legacy`, or else is the last one.
    """

    def __init__(self, secret: str, *, purpose: str) -> None:
        self._keys = {
            key.id: OctKey.import_key(hashlib.sha256(f"{purpose}\0{key.secret}".encode()).digest())
            for key in keys(secret)
        }

    def encrypt(self, value: dict[str, Any], *, at: datetime, lifetime: timedelta) -> str:
        """Return a token that holds a value until its lifetime is over."""
        held = json.dumps({"value": value, "until": (at + lifetime).timestamp()}, separators=(",", ":"))
        newest, key = next(iter(self._keys.items()))
        return jwe.encrypt_compact(_HEADER | ({"kid": newest} if newest else {}), held, key)

    def decrypt(self, sealed: str, *, at: datetime) -> dict[str, Any] | None:
        """Return the value of a token; None when it is forged, changed or expired."""
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
        """Return the key that a token names. Raises `KeyError` for an unknown one."""
        named = sealed.headers().get("kid")
        if named is None:
            named = next((name for name in BEFORE_IDS if name in self._keys), next(reversed(self._keys)))
        return self._keys[named]
