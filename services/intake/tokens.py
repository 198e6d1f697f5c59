"""Secret links of applicants: make and check their tokens and addresses."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.domain.colleagues import Holder
from services.intake.domain.mandates import Mandate, MandateOver
from services.intake.store.colleagues import holder_by_invitation, holder_by_own_link
from shared.db import Reader
from shared.links import Links
from shared.web.document_links import DocumentLinks
from shared.web.mandates import Mandates


@dataclass(frozen=True, slots=True)
class Tokens:
    """Makes and reads the tokens that intake gives out; `address` is where people reach it."""

    address: str
    tracking: Links
    mailed: Links
    """Like `tracking`, but made by notifications alone: whoever has one reads the contact's mailbox."""
    colleagues: Links
    documents: DocumentLinks
    drafts: Links
    mandates: Mandates

    def mandate(self, sealed: str | None, *, at: datetime) -> Mandate | None:
        """Read an agent's mandate to file; None where there is none. Refuses (`MandateOver`) one that is over."""
        if not sealed:
            return None
        read = self.mandates.read(sealed, at=at)
        if read is None:
            raise MandateOver
        return Mandate(*read)

    def tracking_token(self, request_id: UUID, generation: int = 1) -> str:
        """Make the token that is both tracking link and access token."""
        return self.tracking.token(request_id, generation)

    def tracking_url(self, request_id: UUID, generation: int = 1) -> str:
        """Make the address of the tracking page."""
        return f"{self.address}/suivi/{self.tracking_token(request_id, generation)}"

    def token_of(self, holder: Holder) -> str:
        """Make the token of whoever holds a link, the same that they came with."""
        if holder.colleague_id is not None:
            return self.colleagues.token(holder.colleague_id)
        if holder.by_mail:
            return self.mailed.token(holder.request_id, holder.generation or 1)
        return self.tracking_token(holder.request_id, holder.generation or 1)

    def url_of(self, holder: Holder) -> str:
        """Make the address of the tracking page for whoever holds a link: their own, never another one."""
        return f"{self.address}/suivi/{self.token_of(holder)}"

    def document_url(self, request_id: UUID, document_id: UUID) -> str:
        """Make the address where the access token fetches a document."""
        return f"{self.address}/api/v1/requests/{request_id}/documents/{document_id}"

    def letter_url(self, request_id: UUID, letter_id: UUID) -> str:
        """Make the address where the access token fetches a letter."""
        return f"{self.address}/api/v1/requests/{request_id}/letters/{letter_id}/document.pdf"

    async def opens(self, reader: Reader, token: str) -> Holder | None:
        """Return which request a token opens now, and for whom; None when it is not ours or was revoked."""
        for links, by_mail in ((self.tracking, False), (self.mailed, True)):
            read = links.read(token)
            if read is not None:
                return await holder_by_own_link(reader, *read, by_mail=by_mail)
        invitation = self.colleagues.read(token)
        return await holder_by_invitation(reader, invitation[0]) if invitation else None
