"""A draft whose secret link somebody holds: what every page of the form needs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from litestar import Request
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from services.intake.settings import Settings
from services.intake.store import draft_documents, drafts
from services.intake.web.pages import answers as reading
from services.intake.web.tokens import Tokens
from shared import clock
from shared.contracts.intake import Document
from shared.db import Cause, Database
from shared.errors import NotFound
from shared.territory.territories import Territories
from shared.web.pages import render
from shared.web.secrets import private


class DraftGone(NotFound):
    """The address is cut short, or nobody touched the draft for so many `days` that it was forgotten."""

    code = "draft_gone"
    title = "No draft has this link, or it was forgotten"
    sentence = (
        "Cette adresse n’ouvre aucun brouillon. Elle est peut-être incomplète, ou le brouillon a été effacé\u00a0: "
        "nous le gardons {days}\u00a0jours après la dernière modification."
    )


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
    kept_days: int
    """So long it is kept after the last change."""

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
    settings: NamedDependency[Settings],
) -> OpenDraft:
    """Dependency `draft`: what the link opens; refuses with `DraftGone`."""
    gone = DraftGone(days=settings.draft_days)
    read = tokens.drafts.read(token)
    if read is None:
        raise gone
    try:
        held = await drafts.load(database, read[0])
    except NotFound:
        raise gone from None
    documents = await draft_documents.of_draft(database, held.id)
    return OpenDraft(token, held, documents, database, cause, tokens, territories, settings.draft_days)


def draft_gone(request: Request[Any, Any, Any], refusal: DraftGone) -> Template:
    """Say that a link opens no draft, and what to do."""
    return private(render(request, "form/introuvable.html", status_code=404, detail=refusal.detail))
