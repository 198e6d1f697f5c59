"""View of a dossier's territory: its profile, and the part that the preparation sheet shows."""

from dataclasses import dataclass
from datetime import date

from services.escalation.domain.perimeter import Perimeter
from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.territory import neighbours
from services.escalation.web.context import Parts
from shared.db import Reader
from shared.surroundings import Profile, profile, public_page


@dataclass(frozen=True, slots=True)
class TerritoryView:
    """A profile, the source of the official lists, and the public page of the territory, if it has one."""

    profile: Profile
    source: str
    public_page: str | None


async def territory_of(
    reader: Reader, parts: Parts, perimeter: Perimeter, dossier: EscalationView, *, today: date
) -> Profile:
    """Return the profile of the territory that a dossier is about."""
    others = await neighbours(reader, dossier.request_id, perimeter=perimeter)
    return await profile(reader, parts.territories, dossier.request.applicant, neighbours=others, today=today)


async def territory_shown(
    reader: Reader, parts: Parts, perimeter: Perimeter, dossier: EscalationView, *, today: date
) -> TerritoryView:
    """Return what the part `components/territory.html` shows of a dossier's territory."""
    return TerritoryView(
        await territory_of(reader, parts, perimeter, dossier, today=today),
        parts.territories.source.sentence,
        public_page(parts.document_links.intake, dossier.request.applicant),
    )
