"""Signed secret links: an identifier, a generation that can be revoked, and a signature; no secret is stored."""

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

_VERSIONS, _VARIANT, _BY_TIME = range(1, 9), 0b10, 7
"""What a UUID says of itself (RFC 9562): its version, its layout; the version that begins with a time."""
_TIMELY = range(4)
"""First byte of a time in milliseconds until 2109."""
_SMALL = range(16)
"""First byte of a generation up to 4095."""


@dataclass(frozen=True, slots=True)
class Links:
    """Makes and reads the tokens of one purpose (`tracking`, `orientation`, `document`).

    Services that share the purpose's key can make the same link without exchanging a secret. To revoke
    a link, store a generation with the thing it leads to, and accept only the current one. The newest key of `key`
    (`shared.keys`) signs, each one reads: a token names no key, for the length of an address that holds one is bounded.
    """

    key: str = field(repr=False)
    purpose: str

    def token(self, target: UUID, generation: int = 1) -> str:
        """Make the token that leads to `target`: URL-safe, `TOKEN_LENGTH` characters."""
        payload = target.bytes + generation.to_bytes(2)
        return _spelled(payload + self._signature(keys(self.key)[0].raw, payload))

    def read(self, token: str) -> tuple[UUID, int] | None:
        """Return the target and the generation of a token that we made; None for any other text or spelling of it."""
        raw = _raw(token)
        payload, signature = raw[:18], raw[18:]
        if not raw or not any(
            hmac.compare_digest(signature, self._signature(key.raw, payload)) for key in keys(self.key)
        ):
            return None
        return UUID(bytes=payload[:16]), int.from_bytes(payload[16:])

    def _signature(self, key: bytes, payload: bytes) -> bytes:
        return hmac.digest(key, self.purpose.encode() + b"\0" + payload, hashlib.sha256)[:_SIGNATURE_BYTES]


def is_formed_as_token(text: str) -> bool:
    """Return whether a text may be a token, of any key: a UUID, a small generation, a signature.

    One in some six hundred texts of the length is taken for a token although it is none. Not seen as one: a token of
    a generation above 4095, and of a UUID that begins with a time after 2109.
    """
    if len(text) != TOKEN_LENGTH:
        return False
    raw = _decoded(text)
    if len(raw) != _LENGTH or raw[6] >> 4 not in _VERSIONS or raw[8] >> 6 != _VARIANT or raw[16] not in _SMALL:
        return False
    return (raw[6] >> 4 != _BY_TIME or raw[0] in _TIMELY) and _spelled(raw) == text


def _raw(token: str) -> bytes:
    """Read the bytes of a text that is spelled as we do; none of any other."""
    raw = _decoded(token)
    return raw if _spelled(raw) == token else b""


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (binascii.Error, ValueError):
        return b""


def _spelled(raw: bytes) -> str:
    """Write bytes in the one way that is accepted: base64 leaves the last letter and what is appended open."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
