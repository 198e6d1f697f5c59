"""Signed links by which an agent's own service sends them to intake to download a document, valid for one minute.

The clocks of the services' machines must agree within that minute.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.web.encrypted_tokens import TokenCipher

LIFETIME: Final = timedelta(minutes=1)


class DocumentLinks:
    """Makes and reads the links by which intake gives a document; the services share the key."""

    def __init__(self, key: str) -> None:
        self._cipher = TokenCipher(key, purpose="document")

    def seal(self, document_id: UUID, *, at: datetime) -> str:
        """Make the last part of the address, good for `LIFETIME`."""
        return self._cipher.encrypt({"document": str(document_id)}, at=at, lifetime=LIFETIME)

    def read(self, sealed: str, *, at: datetime) -> UUID | None:
        """Tell which document it leads to; None when it is not ours, or too old."""
        found = self._cipher.decrypt(sealed, at=at)
        return UUID(found["document"]) if found is not None else None
