"""Reply and return-path addresses that identify the mail that they belong to.

The delivery's id is sealed in them (ADR 17): whoever answers can only be somebody who has the mail. Letters and digits
of base 32 survive servers that change the case of an address.
"""

import base64
import binascii
import hashlib
import hmac
import re
from dataclasses import dataclass, field
from typing import Final, Literal
from uuid import UUID

from shared.keys import keys

Purpose = Literal["reponse", "rebond"]
"""An answer from a person; a report of a mail server."""

_ADDRESS: Final = re.compile(r"(reponse|rebond)\+([a-z2-7]{52})", re.IGNORECASE)
_SEAL_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class ReturnAddresses:
    """Makes and reads the addresses below one domain, whose mail is delivered to `InboundMail`."""

    domain: str
    key: str = field(repr=False)

    def of(self, purpose: Purpose, delivery_id: UUID) -> str:
        """Return the address that leads back to a mail."""
        seal = self._seal(keys(self.key)[0].raw, purpose, delivery_id.bytes)
        token = base64.b32encode(delivery_id.bytes + seal).rstrip(b"=").decode()
        return f"{purpose}+{token.lower()}@{self.domain}"

    def read(self, address: str) -> tuple[Purpose, UUID] | None:
        """Return what an address is for and the mail that it leads back to; None for any that we did not make."""
        local, _, domain = address.rpartition("@")
        found = _ADDRESS.fullmatch(local)
        if found is None or domain.lower() != self.domain:
            return None
        purpose: Purpose = "reponse" if found[1].lower() == "reponse" else "rebond"
        try:
            raw = base64.b32decode(found[2].upper() + "====")
        except binascii.Error:
            return None
        if not any(hmac.compare_digest(raw[16:], self._seal(key.raw, purpose, raw[:16])) for key in keys(self.key)):
            return None
        return purpose, UUID(bytes=raw[:16])

    def _seal(self, key: bytes, purpose: Purpose, delivery: bytes) -> bytes:
        return hmac.digest(key, purpose.encode() + b"\0" + delivery, hashlib.sha256)[:_SEAL_BYTES]
