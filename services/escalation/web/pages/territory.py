"""The territory of a dossier, as a page or a preparation sheet shows it."""

from typing import Any

from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.web.links import DocumentLinks
from services.escalation.web.whole import territory_of
from shared.db import Reader
from shared.french import words
from shared.identity.model import Agent
from shared.surroundings import public_page
from shared.territory import Territories


async def territory_shown(
    reader: Reader,
    dossier: EscalationDetail,
    agent: Agent,
    territories: Territories,
    document_links: DocumentLinks,
) -> dict[str, Any]:
    """Give what the part `components/territory.html` needs."""
    return {
        "territory": await territory_of(reader, dossier, agent, territories),
        "territories_source": territories.source.sentence,
        "public_page": public_page(document_links.intake, dossier.request.applicant),
        "programme_words": words.PROGRAMME,
        "state_words": words.STATE,
    }
