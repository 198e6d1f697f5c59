"""What every use case does with a case: find it within the caller's reach, save it, tell the fact."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.people import Official
from services.qualification.domain.steps import team_of
from services.qualification.store import cases, exchanges
from shared import timeline
from shared.contracts.fact import Fact
from shared.contracts.qualification import Dossier
from shared.contracts.vocabulary import Role
from shared.db import Transaction
from shared.errors import NotFound
from shared.identity.model import Agent
from shared.messaging import journal

_ROLES = {role.value: role for role in (Role.SAT_AGENT, Role.DELEGATE)}


def official(agent: Agent) -> Official:
    """Give the agent as the domain knows him: by those of his roles that count here."""
    return Official(agent.email, agent.name, frozenset(_ROLES[role] for role in agent.roles if role in _ROLES))


async def load(tx: Transaction, request_id: UUID, agent: Agent) -> tuple[Case, Official]:
    """Lock a case for an agent; outside his perimeter it does not exist (`NotFound`)."""
    case = await cases.load_for_agent(tx, request_id, agent.perimeter)
    if case is None:
        raise NotFound
    return case, official(agent)


async def begin(tx: Transaction, request_id: UUID, agent: Agent, at: datetime) -> tuple[Case, Official, datetime]:
    """Lock a case for an agent who does something that is told, and give its moment: after all that is known of it."""
    case, who = await load(tx, request_id, agent)
    return case, who, await journal.in_time(tx, case.source, case.request_id, at)


async def tell(tx: Transaction, case: Case, *told: Fact) -> None:
    """Save the case, sew the facts into its timeline and hand them to the others."""
    if tx.replaying:
        return
    await cases.save(tx, case)
    for fact in told:
        await journal.record(tx, fact)
        await note(tx, case, fact)


async def note(tx: Transaction, case: Case, fact: Fact) -> None:
    """Sew a fact, ours or another service's, into the timeline."""
    await exchanges.add_step(tx, case, at=fact.at, type_=fact.wire_type, team=team_of(fact), fact=timeline.stored(fact))


async def dossier(tx: Transaction, case: Case) -> Dossier:
    """Gather all that the next team needs."""
    return Dossier(
        request=case.request,
        qualification=case.qualification,
        messages=await exchanges.dossier_messages(tx, case),
        documents=await exchanges.dossier_documents(tx, case),
        history=await exchanges.dossier_history(tx, case),
    )


def said(text: str) -> str:
    """Give a text as it is kept: without blanks around it."""
    return text.strip()


def spoken(items: Sequence[str]) -> tuple[str, ...]:
    """Give the items that say something."""
    return tuple(item.strip() for item in items if item.strip())
