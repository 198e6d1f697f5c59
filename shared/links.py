"""Secret links without stored secrets: an identifier, a generation that can be revoked, and a signature."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass, field
from uuid import UUID

from shared.keys import keys

_SIGNATURE_BYTES = 20
_LENGTH = 16 + 2 + _SIGNATURE_BYTES
TOKEN_LENGTH = -(-_LENGTH * 8 // 6)
"""Characters of a token."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads the tokens of one purpose (`tracking`, `orientation`, `document`).

    Services that share the purpose's key can make the same link without telling each other any secret. To revoke
    a link, keep a generation with the thing it leads to, and accept only the current one. The newest key of `key`
    (`shared.keys`) signs, each one reads: a token names no key, for the length of an address that holds one is bounded.
    """

    key: str = field(repr=False)
    purpose: str

    def token(self, target: UUID, generation: int = 1) -> str:
        """Make the token that leads to `target`: URL-safe, `TOKEN_LENGTH` characters."""
        payload = target.bytes + generation.to_bytes(2)
        return _spelled(payload + self._signature(keys(self.key)[0].raw, payload))

    def read(self, token: str) -> tuple[UUID, int] | None:
        """Give the target and the generation of a token that we made; None for any other text or spelling of it."""
        try:
            raw = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        except (binascii.Error, ValueError):
            return None
        payload, signature = raw[:18], raw[18:]
        if _spelled(raw) != token or not any(
            hmac.compare_digest(signature, self._signature(key.raw, payload)) for key in keys(self.key)
        ):
            return None
        return UUID(bytes=payload[:16]), int.from_bytes(payload[16:])

    def _signature(self, key: bytes, payload: bytes) -> bytes:
        return hmac.digest(key, self.purpose.encode() + b"\0" + payload, hashlib.sha256)[:_SIGNATURE_BYTES]


def _spelled(raw: bytes) -> str:
    """Write bytes in the one way that is accepted: base64 leaves the last letter and what is appended open."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
