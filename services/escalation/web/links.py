"""Links to the documents of a request, which intake keeps and serves."""

from dataclasses import dataclass
from uuid import UUID

from shared.links import Links


@dataclass(frozen=True, slots=True)
class DocumentLinks:
    """Makes signed links; `intake` is its public address."""

    intake: str
    links: Links

    def __call__(self, document_id: UUID) -> str:
        """Give the address of one document."""
        return f"{self.intake}/documents/{self.links.token(document_id)}"
