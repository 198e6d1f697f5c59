"""A whole dossier as an agent sees it, and its territory: what pages and API show of them."""

from uuid import UUID

from services.escalation.reads.detail import detail
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.reads.territory import neighbours
from services.escalation.usecases import acting
from services.escalation.usecases.recording import day
from services.escalation.web.links import DocumentLinks
from shared import clock
from shared.db import Reader
from shared.identity.model import Agent
from shared.surroundings import Profile, profile
from shared.territory import Territories


async def whole(reader: Reader, request_id: UUID, agent: Agent, document_links: DocumentLinks) -> EscalationDetail:
    """Give the whole dossier as the caller sees it."""
    return await detail(
        reader,
        request_id,
        perimeter=acting.perimeter(agent),
        by=acting.by(agent),
        today=day(clock.now()),
        document_url=document_links,
    )


async def territory_of(reader: Reader, dossier: EscalationDetail, agent: Agent, territories: Territories) -> Profile:
    """Give the profile of the territory that a dossier is about."""
    others = await neighbours(reader, dossier.request_id, perimeter=acting.perimeter(agent))
    return await profile(reader, territories, dossier.request.applicant, neighbours=others, today=day(clock.now()))
