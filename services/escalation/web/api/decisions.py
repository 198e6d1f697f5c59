"""The committee's decisions by program: the register, one decision, its reserve, its correction."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, Response, Router, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery, JSONBody
from pydantic import Field

from services.escalation.domain.committee import Verdict
from services.escalation.domain.inputs import Cents, Line, Text, Voices
from services.escalation.reads.committee import DecisionInRegister, count_decisions, decision, decisions
from services.escalation.usecases import acting
from services.escalation.usecases import committee as usecases
from services.escalation.web.pages.papers import decision_as_pdf
from services.escalation.web.readers import COMMITTEE_READERS
from shared import clock
from shared.commands import Command
from shared.contracts.escalation import Votes
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.db import Cause, Database
from shared.identity.model import Agent
from shared.web.access import only
from shared.web.paging import Page, Paged
from shared.web.paper import PDF


class NewVotes(Command):
    """How the members voted."""

    in_favour: Voices
    against: Voices
    abstained: Voices = 0


class NewVerdict(Command):
    """What is decided; without `votes` by consensus. `reserve_until` is when the reserve must be lifted."""

    outcome: CommitteeOutcome
    motive: Text
    support_types: list[SupportType] = Field(default_factory=list, max_length=10)
    amount_cents: Cents | None = None
    reserve: Text | None = None
    reserve_until: date | None = None
    votes: NewVotes | None = None
    signatory: Line | None = None

    def verdict(self) -> Verdict:
        """Give it as the use case takes it."""
        return Verdict(
            self.outcome,
            self.motive,
            tuple(self.support_types),
            self.amount_cents or 0,
            self.reserve or None,
            self.reserve_until,
            Votes(**self.votes.model_dump()) if self.votes else None,
            self.signatory,
        )


class Lifting(Command):
    """Why the reserve is lifted, and since when; today when it is not said."""

    motive: Text
    lifted_on: date | None = None


@get("/decisions")
async def list_decisions(
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    standing_reserve: FromQuery[bool] = False,  # noqa: FBT002 - parameters of the address are given by name
) -> Paged[DecisionInRegister]:
    """List decisions, the latest first; with `standing_reserve` those whose reserve waits, the nearest date first."""
    return Paged(
        items=await decisions(
            database,
            departements=agent.perimeter,
            standing_reserve=standing_reserve,
            by=acting.by(agent),
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_decisions(database, departements=agent.perimeter, standing_reserve=standing_reserve),
        page=paging.number,
    )


@get("/decisions/{decision_id:uuid}")
async def read_decision(
    decision_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> DecisionInRegister:
    """Give one decision with its dossier."""
    return await decision(database, decision_id, departements=agent.perimeter, by=acting.by(agent))


@get("/decisions/{decision_id:uuid}/document.pdf", media_type=PDF)
async def read_decision_on_paper(
    request: Request[Any, Any, Any],
    decision_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Response[bytes]:
    """Give one decision as a PDF."""
    return await decision_as_pdf(request, database, decision_id, agent)


@post("/decisions/{decision_id:uuid}/correction")
async def correct_decision(
    decision_id: FromPath[UUID],
    data: JSONBody[NewVerdict],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> DecisionInRegister:
    """Replace a decision by a new one, dated today, that names it."""
    async with database.transaction(cause) as tx:
        made = await usecases.correct(tx, decision_id, data.verdict(), agent=agent, at=clock.now())
        return await decision(tx, made.id, departements=agent.perimeter, by=acting.by(agent))


@post("/decisions/{decision_id:uuid}/reserve-lifting", status_code=200)
async def lift_reserve(
    decision_id: FromPath[UUID],
    data: JSONBody[Lifting],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> DecisionInRegister:
    """Note that what the committee had asked for is there."""
    async with database.transaction(cause) as tx:
        await usecases.lift_reserve(
            tx, decision_id, motive=data.motive, lifted_on=data.lifted_on, agent=agent, at=clock.now()
        )
        return await decision(tx, decision_id, departements=agent.perimeter, by=acting.by(agent))


routes = Router(
    "/",
    route_handlers=[list_decisions, read_decision, read_decision_on_paper, correct_decision, lift_reserve],
    guards=[only(*COMMITTEE_READERS)],
    tags=["committee"],
)
