"""Signed links: to the documents of a request, which intake keeps, and those by which providers tell how it goes."""

from dataclasses import dataclass
from uuid import UUID

from services.escalation.domain.accompaniment import ProviderLink
from services.escalation.domain.refusals import LinkNotValid
from shared.links import Links


@dataclass(frozen=True, slots=True)
class DocumentLinks:
    """Makes signed links; `intake` is its public address."""

    intake: str
    links: Links

    def __call__(self, document_id: UUID) -> str:
        """Give the address of one document."""
        return f"{self.intake}/documents/{self.links.token(document_id)}"


@dataclass(frozen=True, slots=True)
class ProviderLinks:
    """Makes and reads the personal links of providers; `here` is our public address."""

    here: str
    links: Links

    def __call__(self, link: ProviderLink) -> str:
        """Give the address by which a provider tells how the work goes."""
        return f"{self.here}/prestataires/{self.links.token(link.mobilisation_id, link.generation)}"

    def read(self, token: str) -> ProviderLink:
        """Give what a token says; refuses (`LinkNotValid`) what we did not make."""
        found = self.links.read(token)
        if found is None:
            raise LinkNotValid
        return ProviderLink(*found)
