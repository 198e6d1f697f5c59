"""Links to a request's documents in intake, and providers' personal links to report progress."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.domain.refusals import LinkNotValid
from shared.links import Links
from shared.web.document_links import DocumentLinks as SealedLinks


@dataclass(frozen=True, slots=True)
class DocumentLinks:
    """Makes the addresses of documents; `here` is our public address, `intake` that of intake."""

    here: str
    intake: str
    links: SealedLinks

    def __call__(self, request_id: UUID, document_id: UUID) -> str:
        """Return the address here at which an agent's program opens a document."""
        return f"{self.here}/api/v1/escalations/{request_id}/documents/{document_id}"

    def at_intake(self, document_id: UUID, *, at: datetime) -> str:
        """Return the address at which intake serves a document for a minute."""
        return f"{self.intake}/documents/{self.links.seal(document_id, at=at)}"


@dataclass(frozen=True, slots=True)
class ProviderLinks:
    """Makes and reads the personal links of providers; `here` is our public address."""

    here: str
    links: Links

    def __call__(self, link: ProviderLink) -> str:
        """Return the address at which a provider reports progress."""
        return f"{self.here}/prestataires/{self.links.token(link.mobilisation_id, link.generation)}"

    def read(self, token: str) -> ProviderLink:
        """Return what a token contains; refuses (`LinkNotValid`) one that this service did not make."""
        found = self.links.read(token)
        if found is None:
            raise LinkNotValid
        return ProviderLink(*found)
