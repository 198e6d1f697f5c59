"""Short-lived cookies that the browser keeps for us and can neither read nor change."""

import hashlib
import json
from datetime import datetime, timedelta
from typing import Any

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

_HEADER = {"alg": "dir", "enc": "A256GCM"}


class Seal:
    """Seals small values with the service's secret, for one purpose: what is sealed for another does not open."""

    def __init__(self, secret: str, *, purpose: str) -> None:
        self._key = OctKey.import_key(hashlib.sha256(f"{purpose}\0{secret}".encode()).digest())

    def close(self, value: dict[str, Any], *, at: datetime, lifetime: timedelta) -> str:
        """Seal a value until its lifetime is over."""
        held = json.dumps({"value": value, "until": (at + lifetime).timestamp()}, separators=(",", ":"))
        return jwe.encrypt_compact(_HEADER, held, self._key)

    def open(self, sealed: str, *, at: datetime) -> dict[str, Any] | None:
        """Give what was sealed; None when it is not ours, changed, or too old."""
        try:
            plain = jwe.decrypt_compact(sealed, self._key).plaintext
        except (JoseError, ValueError):
            return None
        if plain is None:
            return None
        held = json.loads(plain)
        if held["until"] <= at.timestamp():
            return None
        value: dict[str, Any] = held["value"]
        return value
