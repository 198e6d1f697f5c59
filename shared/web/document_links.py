"""Encrypted, short-lived links to documents and dossiers: an agent's service authorises and records, then redirects.

A link is valid for a minute; the clocks of the services' machines must agree within it.
"""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from shared.web.encrypted_tokens import TokenCipher

LIFETIME: Final = timedelta(minutes=1)


class DocumentLinks:
    """Makes and reads the links with which intake serves a document; the services share the key."""

    def __init__(self, key: str) -> None:
        self._cipher = TokenCipher(key, purpose="document")

    def seal(self, document_id: UUID, *, at: datetime) -> str:
        """Return the last part of the address, valid for `LIFETIME`."""
        return self._cipher.encrypt({"document": str(document_id)}, at=at, lifetime=LIFETIME)

    def read(self, sealed: str, *, at: datetime) -> UUID | None:
        """Return the document of a link; None when it is forged or expired."""
        found = self._cipher.decrypt(sealed, at=at)
        return UUID(found["document"]) if found is not None and "document" in found else None

    def seal_dossier(self, request_id: UUID, *, at: datetime) -> str:
        """Return the last part of the address of a request's whole dossier, valid for `LIFETIME`."""
        return self._cipher.encrypt({"dossier": str(request_id)}, at=at, lifetime=LIFETIME)

    def read_dossier(self, sealed: str, *, at: datetime) -> UUID | None:
        """Return the request of a link to a dossier; None when it is forged or expired."""
        found = self._cipher.decrypt(sealed, at=at)
        return UUID(found["dossier"]) if found is not None and "dossier" in found else None
