"""What the routes need besides the database: the rules, the official territories, and the makers of links."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.people import OrientationLink, PartyLink
from services.qualification.domain.rules import Rules
from services.qualification.reads.case import CaseView
from services.qualification.reads.catalogue import OrientationView, orientation
from services.qualification.reads.envelopes import Envelope, envelope
from services.qualification.reads.pact import find_by_link
from services.qualification.reads.pact_views import PactView, PartyView
from services.qualification.reads.profile import neighbours
from services.qualification.usecases.orienting import check
from services.qualification.usecases.telling import official
from shared import clock
from shared.calendar import today
from shared.contracts.vocabulary import Role
from shared.db import Reader
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.links import Links
from shared.surroundings import Profile, profile
from shared.territory import Territories
from shared.web.document_links import DocumentLinks
from shared.web.mandates import PATH, Mandates


@dataclass(frozen=True, slots=True)
class Desk:
    """Built once in `main.py`; the dependency `desk` of the routes."""

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
        """Give the profile of the territory that a case is about."""
        others = await neighbours(reader, case)
        return await profile(reader, self.territories, case.request.applicant, neighbours=others, today=today)

    async def envelope(self, reader: Reader, departements: Iterable[str], today: date) -> Envelope:
        """Give this year's envelope of a département, or of several together."""
        whole = {code: self.rules.envelope(code) for code in departements}
        return await envelope(reader, whole, year=today.year)

    def orientation_of(self, token: str) -> OrientationLink:
        """Read a provider's link; what we did not sign leads nowhere (`NotFound`)."""
        read = self.orientation_links.read(token)
        if read is None:
            raise NotFound
        return OrientationLink(*read)

    async def orientation(self, reader: Reader, link: OrientationLink) -> OrientationView:
        """Give what a provider is shown; refuses (`LinkOver`) a link that is no longer valid."""
        view = await orientation(reader, link.orientation_id)
        check(view.orientation, link, at=clock.now(), rules=self.rules)
        return view

    def party_of(self, token: str) -> PartyLink:
        """Read the link of a pact's party; what we did not sign leads nowhere (`NotFound`)."""
        read = self.pact_links.read(token)
        if read is None:
            raise NotFound
        return PartyLink(*read)

    async def pact(self, reader: Reader, link: PartyLink) -> tuple[PactView, PartyView]:
        """Give the pact that a party is shown, and the party; refuses (`LinkOver`) a link that was replaced."""
        return await find_by_link(
            reader, link, today_in=lambda departement: today(departement, clock.now()), asks=self.rules.asks
        )

    def mandate(self, agent: Agent, *, at: datetime) -> str:
        """Give the mandate by which this agent files for a collectivité."""
        return self.mandates.give(official(agent).acting_as(Role.SAT_AGENT, Role.DELEGATE), at=at)

    @property
    def filing_url(self) -> str:
        """Where intake takes the mandate that an agent's browser posts."""
        return f"{self.intake_url}{PATH}"

    def document_url(self, request_id: UUID, document_id: UUID) -> str:
        """Give the address here at which an agent's program opens a joined file."""
        return f"{self.here}/api/v1/cases/{request_id}/documents/{document_id}"

    def document_at_intake(self, document_id: UUID, *, at: datetime) -> str:
        """Give the address at which intake serves a joined file for a minute."""
        return f"{self.intake_url}/documents/{self.document_links.seal(document_id, at=at)}"
