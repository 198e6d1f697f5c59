"""The request context: the dependency `context` of handlers, for agents and for holders of links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response
from litestar.di import NamedDependency
from litestar.response import Redirect

from services.qualification.domain.orientation import Orientation
from services.qualification.domain.people import OrientationLink, PartyLink
from services.qualification.domain.rules import Rules
from services.qualification.reads.case import CaseView, Urls, deliverable, find
from services.qualification.reads.envelopes import Envelope, envelope
from services.qualification.reads.orientation import OrientationView
from services.qualification.reads.orientation import find as find_orientation
from services.qualification.reads.pact import find as find_pact
from services.qualification.reads.pact import find_by_link
from services.qualification.reads.pact_views import PactText, PactView, PartyView, VersionView
from services.qualification.reads.profile import neighbours
from services.qualification.reads.viewer import Viewer
from services.qualification.usecases.consultations import (
    note_deliverable_opened,
    note_document_opened,
    note_dossier_opened,
)
from services.qualification.usecases.context import Context, official
from services.qualification.usecases.orienting import ProviderContext, check
from services.qualification.usecases.pacts.context import PartyContext
from services.qualification.web.pacts_shown import paper
from shared import clock
from shared.calendar import today
from shared.contracts.vocabulary import Role
from shared.db import Cause, Database, Reader, Transaction
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.links import Links
from shared.surroundings import Profile, profile
from shared.territory import Territories
from shared.web.actions import RequestContext
from shared.web.deliverables import saved
from shared.web.document_links import DocumentLinks
from shared.web.mandates import PATH, Mandates
from shared.web.pages import redirect


@dataclass(frozen=True, slots=True)
class Parts:
    """What `main.py` builds once: the rules, the official territories, the makers of links."""

    rules: Rules
    territories: Territories
    orientation_links: Links
    pact_links: Links
    document_links: DocumentLinks
    mandates: Mandates
    intake_url: str
    here: str
    """Our public address."""

    async def profile(self, reader: Reader, case: CaseView, today: date) -> Profile:
        """Return the profile of the territory that a case is about."""
        others = await neighbours(reader, case)
        return await profile(reader, self.territories, case.request.applicant, neighbours=others, today=today)

    async def envelope(self, reader: Reader, departements: Iterable[str], today: date) -> Envelope:
        """Return this year's envelope of a département, or of several together."""
        whole = {code: self.rules.envelope(code) for code in departements}
        return await envelope(reader, whole, year=today.year)

    def mandate(self, agent: Agent, *, at: datetime) -> str:
        """Return the mandate by which this agent files for a collectivité."""
        return self.mandates.give(official(agent).acting_as(Role.SAT_AGENT, Role.DELEGATE), at=at)

    @property
    def filing_url(self) -> str:
        """Where intake takes the mandate that an agent's browser posts."""
        return f"{self.intake_url}{PATH}"

    def document_url(self, request_id: UUID, document_id: UUID) -> str:
        """Return the address here at which an agent's program opens a joined file."""
        return f"{self.here}/api/v1/cases/{request_id}/documents/{document_id}"

    def deliverable_url(self, request_id: UUID, deliverable_id: UUID) -> str:
        """Return the address here at which an agent's program fetches a file that came out of local work."""
        return f"{self.here}/api/v1/cases/{request_id}/deliverables/{deliverable_id}"

    @property
    def urls(self) -> Urls:
        """The addresses of the files and letters of a request."""
        return Urls(self.document_url, self.deliverable_url, self.letter_url)

    def letter_url(self, request_id: UUID, letter_id: UUID) -> str:
        """Return the address here at which an agent's program gets a letter."""
        return f"{self.here}/api/v1/cases/{request_id}/letters/{letter_id}/document.pdf"

    def dossier_at_intake(self, request_id: UUID, *, at: datetime) -> str:
        """Return the address at which intake serves the whole dossier with its documents for a minute."""
        return f"{self.intake_url}/dossiers/{self.document_links.seal_dossier(request_id, at=at)}"

    def document_at_intake(self, document_id: UUID, *, at: datetime) -> str:
        """Return the address at which intake serves a joined file for a minute."""
        return f"{self.intake_url}/documents/{self.document_links.seal(document_id, at=at)}"


@dataclass(frozen=True, slots=True)
class AgentContext(RequestContext):
    """The context of an agent's request."""

    agent: Agent
    parts: Parts

    def acting(self, tx: Transaction) -> Context:
        """Return the context of a use case that runs in this transaction, now."""
        return Context(tx, self.agent, clock.now(), self.parts.rules, self.parts.territories, self._paper)

    async def _paper(self, text: PactText, version: VersionView | None) -> bytes:
        return await paper(self.request, text, version)

    @property
    def today(self) -> date:
        """The day that it is for the agent: in their first département, or in Paris."""
        return today(min(self.agent.departements, default="75"), clock.now())

    @property
    def viewer(self) -> Viewer:
        """The agent as the reads know who looks."""
        return Viewer(self.agent.perimeter, official(self.agent), self.today)

    async def case(self, reader: Reader, request_id: UUID) -> CaseView:
        """Return a case as the agent sees it; `NotFound` outside their perimeter."""
        return await find(reader, request_id, self.viewer, self.parts.urls)

    async def pact(self, reader: Reader, pact_id: UUID) -> PactView:
        """Return a pact as the agent sees it; `NotFound` outside their perimeter."""
        return await find_pact(reader, pact_id, self.viewer)

    async def fetch_deliverable(self, request_id: UUID, deliverable_id: UUID) -> Response[bytes]:
        """Give a file that came out of local work, to be saved; who opened it is recorded."""
        async with self.database.transaction(self.cause) as tx:
            departement, file = await deliverable(tx, request_id, deliverable_id, self.agent.perimeter)
            await note_deliverable_opened(self.acting(tx), request_id, departement, deliverable_id)
        return saved(file.name, file.content, file.media_type)

    async def open_document(self, request_id: UUID, document_id: UUID) -> Redirect:
        """Lead to a joined file at intake, for a minute; who opened it is recorded."""
        async with self.database.transaction(self.cause) as tx:
            await note_document_opened(self.acting(tx), request_id, document_id)
        return redirect(self.parts.document_at_intake(document_id, at=clock.now()))

    async def open_dossier(self, request_id: UUID) -> Redirect:
        """Lead to the whole dossier at intake, for a minute; who opened its documents is recorded."""
        async with self.database.transaction(self.cause) as tx:
            await note_dossier_opened(self.acting(tx), request_id)
        return redirect(self.parts.dossier_at_intake(request_id, at=clock.now()))


@dataclass(frozen=True, slots=True)
class ProviderLinkContext(RequestContext):
    """The context of a request by a provider's link."""

    link: OrientationLink
    parts: Parts

    def acting(self, tx: Transaction) -> ProviderContext:
        """Return the context of a use case that runs in this transaction, now."""
        return ProviderContext(tx, self.link, clock.now(), self.parts.rules)

    async def orientation(self, reader: Reader) -> tuple[Orientation, OrientationView]:
        """Return what the link leads to; refuses (`LinkOver`) one that is no longer valid."""
        orientation, view = await find_orientation(
            reader, self.link.orientation_id, lambda departement: today(departement, clock.now())
        )
        check(orientation, self.link, at=clock.now(), rules=self.parts.rules)
        return orientation, view


async def provide_provider_context(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> ProviderLinkContext:
    """Dependency `context` of a provider's requests; a link that we did not sign leads nowhere (`NotFound`)."""
    read = parts.orientation_links.read(request.path_params["token"])
    if read is None:
        raise NotFound
    return ProviderLinkContext(request, database, cause, OrientationLink(*read), parts)


@dataclass(frozen=True, slots=True)
class PartyLinkContext(RequestContext):
    """The context of a request by the link of a pact's party."""

    link: PartyLink
    parts: Parts

    def acting(self, tx: Transaction) -> PartyContext:
        """Return the context of a use case that runs in this transaction, now."""
        return PartyContext(tx, self.link, clock.now(), self._paper)

    async def _paper(self, text: PactText, version: VersionView | None) -> bytes:
        return await paper(self.request, text, version)

    async def pact(self, reader: Reader) -> tuple[PactView, PartyView]:
        """Return the pact that a party is shown, and the party; refuses (`LinkOver`) a link that was replaced."""
        return await find_by_link(
            reader,
            self.link,
            today_in=lambda departement: today(departement, clock.now()),
            asks=self.parts.rules.asks,
        )


async def provide_party_context(
    request: Request[Any, Any, Any],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    parts: NamedDependency[Parts],
) -> PartyLinkContext:
    """Dependency `context` of a party's requests; a link that we did not sign leads nowhere (`NotFound`)."""
    read = parts.pact_links.read(request.path_params["token"])
    if read is None:
        raise NotFound
    return PartyLinkContext(request, database, cause, PartyLink(*read), parts)
