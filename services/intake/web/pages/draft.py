"""The request context of the form: the draft that a secret link opens."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from litestar import Request
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath
from litestar.response import Template

from services.intake.store import draft_documents, drafts
from services.intake.usecases.limits import Caller
from services.intake.web.context import VisitorContext
from services.intake.web.pages import answers
from shared import clock
from shared.contracts.intake import Document
from shared.errors import NotFound
from shared.web.pages import render
from shared.web.secret_links import private


class DraftGone(NotFound):
    """The address is cut short, or nobody touched the draft for so many `days` that it was forgotten."""

    code = "draft_gone"
    title = "No draft has this link, or it was forgotten"
    sentence = (
        "Cette adresse n’ouvre aucun brouillon. Elle est peut-être incomplète, ou le brouillon a été effacé\u00a0: "
        "nous le gardons {days}\u00a0jours après la dernière modification."
    )


@dataclass(frozen=True, slots=True)
class DraftContext(VisitorContext):
    """The context of whoever holds a draft's link: the draft as it was last saved."""

    token: str
    draft: drafts.Draft
    documents: list[Document]

    @property
    def filer(self) -> Caller:
        """Who files; an agent who does so for a collectivité is exempt from the limits."""
        return replace(self.caller, exempt=self.draft.filed_by is not None)

    @property
    def kept_days(self) -> int:
        """How long the draft is kept after its last change."""
        return self.parts.settings.draft_days

    @property
    def link(self) -> str:
        """The address by which the draft is found again."""
        return f"{self.parts.tokens.address}/demande/{self.token}"

    def address(self, page: str) -> str:
        """Return the address of one page of its form."""
        return f"/demande/{self.token}/{page}"

    def read(self, typed: Mapping[str, Any] | None = None) -> answers.Reading:
        """Read it as a request, with what was just typed."""
        return answers.read(self.parts.territories, {**self.draft.answers, **(typed or {})}, at=clock.now())


async def context_of_draft(visitor: NamedDependency[VisitorContext], token: FromPath[str]) -> DraftContext:
    """Dependency `context` of the form's pages: what the link opens; refuses with `DraftGone`."""
    gone = DraftGone(days=visitor.parts.settings.draft_days)
    read = visitor.parts.tokens.drafts.read(token)
    if read is None:
        raise gone
    try:
        draft = await drafts.load(visitor.database, read[0])
    except NotFound:
        raise gone from None
    documents = await draft_documents.of_draft(visitor.database, draft.id)
    return DraftContext(visitor.request, visitor.database, visitor.cause, visitor.parts, token, draft, documents)


def draft_gone(request: Request[Any, Any, Any], refusal: DraftGone) -> Template:
    """Show that a link opens no draft, and what to do."""
    return private(render(request, "form/introuvable.html", status_code=404, detail=refusal.detail))


BY_DRAFT = {"context": Provide(context_of_draft)}
