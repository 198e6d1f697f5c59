"""A draft whose secret link somebody holds: what every page of the form needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar.di import NamedDependency
from litestar.params import FromPath

from services.intake.store import draft_documents, drafts
from services.intake.web.pages import answers as reading
from services.intake.web.tokens import Tokens
from shared import clock
from shared.contracts.intake import Document
from shared.db import Cause, Database
from shared.errors import NotFound
from shared.territory.territories import Territories


@dataclass(frozen=True, slots=True)
class OpenDraft:
    """The draft as it was last saved, and what answering it takes."""

    token: str
    held: drafts.Draft
    documents: list[Document]
    database: Database
    cause: Cause
    tokens: Tokens
    territories: Territories

    def address(self, page: str) -> str:
        """Give the address of one page of its form."""
        return f"/demande/{self.token}/{page}"

    def read(self, typed: Mapping[str, Any] | None = None) -> reading.Reading:
        """Read it as a request, with what was just typed."""
        return reading.read(self.territories, {**self.held.answers, **(typed or {})}, at=clock.now())


async def provide_draft(
    token: FromPath[str],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    tokens: NamedDependency[Tokens],
    territories: NamedDependency[Territories],
) -> OpenDraft:
    """Dependency `draft`: what the link opens; refuses with `NotFound`."""
    read = tokens.drafts.read(token)
    if read is None:
        raise NotFound
    held = await drafts.load(database, read[0])
    documents = await draft_documents.of_draft(database, held.id)
    return OpenDraft(token, held, documents, database, cause, tokens, territories)
