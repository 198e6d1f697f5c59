"""What all pages of the national team show alike: French words, tones of states, today's date."""

from collections.abc import Mapping
from typing import Any, Final

from litestar import Request
from litestar.response import Template

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.moves import State
from services.escalation.usecases.recording import day
from services.escalation.web.readers import COMMITTEE_READERS, reads_country
from shared import clock
from shared.french.words import state_word, word
from shared.web.access import current_agent
from shared.web.pages import render

Asked = Request[Any, Any, Any]

TONES: Final[Mapping[State, str]] = {
    State.RECEIVED: "waiting",
    State.AWAITING_DEPARTEMENT: "waiting",
    State.ADMISSIBLE: "running",
    State.SCHEDULED: "running",
    State.GRANTED: "done",
    State.GRANTED_WITH_RESERVE: "done",
    State.DEFERRED: "waiting",
    State.RETURNED: "neutral",
    State.REFUSED: "refused",
    State.MOBILISING: "running",
    State.ACCOMPANIED: "running",
    State.COMPLETED: "done",
    State.WITHDRAWN: "neutral",
}
MOBILISATION_WORDS: Final = {
    "proposed": ("Proposée", "waiting"),
    "accepted": ("Acceptée", "running"),
    "declined": ("Déclinée", "refused"),
    "under_way": ("En cours", "running"),
    "delivered": ("Livrée", "done"),
}
MOBILISATION_STEPS: Final = {
    "acceptance": "Acceptée",
    "decline": "Déclinée",
    "start": "Démarrée",
    "delivery": "Livrée",
}
MEMBER_ROLES: Final = {
    MemberRole.CHAIR: "présidence",
    MemberRole.VOTING: "voix délibérative",
    MemberRole.ADVISORY: "voix consultative",
    MemberRole.RAPPORTEUR: "rapporteur",
}
OUTCOME_TONES: Final = {
    "granted": "done",
    "granted_with_reserve": "done",
    "deferred": "waiting",
    "returned": "neutral",
    "refused": "refused",
}


def show(request: Asked, template: str, *, status_code: int = 200, **context: object) -> Template:
    """Show one of our templates."""
    agent = current_agent(request)
    return render(
        request,
        template,
        status_code=status_code,
        reads_committee=agent is not None and agent.has(*COMMITTEE_READERS),
        reads_country=reads_country(agent),
        word=word,
        state_word=state_word,
        tones=TONES,
        outcome_tones=OUTCOME_TONES,
        mobilisation_words=MOBILISATION_WORDS,
        mobilisation_steps=MOBILISATION_STEPS,
        member_roles=MEMBER_ROLES,
        today=day(clock.now()),
        **context,
    )
