"""What the routes need besides the database: the rules, the official territories, and the makers of links."""

from dataclasses import dataclass
from uuid import UUID

from services.qualification.settings import Rules
from shared.errors import NotFound
from shared.links import Links
from shared.territory import Territories


@dataclass(frozen=True, slots=True)
class Desk:
    """Built once in `main.py`; the dependency `desk` of the routes."""

    rules: Rules
    territories: Territories
    orientation_links: Links
    document_links: Links
    intake_url: str

    def orientation_of(self, token: str) -> UUID:
        """Read a provider's link; what we did not sign leads nowhere (`NotFound`)."""
        read = self.orientation_links.read(token)
        if read is None:
            raise NotFound
        return read[0]

    def document_url(self, document_id: UUID) -> str:
        """Give the signed address at which intake serves a joined file."""
        return f"{self.intake_url}/documents/{self.document_links.token(document_id)}"
