"""View of a dossier's territory: its profile, and the part that the preparation sheet shows."""

from dataclasses import dataclass

from services.escalation.reads.detail_rows import EscalationView
from services.escalation.reads.territory import neighbours
from services.escalation.web.context import AgentContext
from shared.surroundings import Profile, profile, public_page


@dataclass(frozen=True, slots=True)
class TerritoryView:
    """A profile, the source of the official lists, and the public page of the territory, if it has one."""

    profile: Profile
    source: str
    public_page: str | None


async def territory_of(context: AgentContext, dossier: EscalationView) -> Profile:
    """Return the profile of the territory that a dossier is about."""
    others = await neighbours(context.database, dossier.request_id, perimeter=context.perimeter)
    return await profile(
        context.database,
        context.parts.territories,
        dossier.request.applicant,
        neighbours=others,
        today=context.today,
    )


async def territory_shown(context: AgentContext, dossier: EscalationView) -> TerritoryView:
    """Return what the part `components/territory.html` shows of a dossier's territory."""
    return TerritoryView(
        await territory_of(context, dossier),
        context.parts.territories.source.sentence,
        public_page(context.parts.document_links.intake, dossier.request.applicant),
    )
