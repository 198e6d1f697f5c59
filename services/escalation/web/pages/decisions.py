"""The committee's decisions: where one is prepared, recorded and corrected; the register, and each on paper."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.committee import Verdict
from services.escalation.domain.decisions import DECIDING
from services.escalation.domain.durations import Durations
from services.escalation.domain.inputs import Line, Text, Voices
from services.escalation.reads.committee import (
    AgendaRow,
    DecisionRow,
    SessionDetail,
    count_decisions,
    decision,
    decisions,
    session,
)
from services.escalation.store.committee import NoSuchSession
from services.escalation.usecases import acting
from services.escalation.usecases import committee as usecases
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages.papers import decision_as_pdf, decision_page
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.pages.territory import territory_shown
from services.escalation.web.readers import COMMITTEE_READERS, whole_country
from services.escalation.web.whole import whole
from shared import clock
from shared.commands import Amount
from shared.contracts.escalation import Votes
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.db import Cause, Database, Transaction
from shared.french.numbers import euros_typed
from shared.french.words import word
from shared.identity.model import Agent
from shared.territory import Territories
from shared.web.access import only
from shared.web.forms import read_form, submit
from shared.web.paging import Page
from shared.web.paper import on_paper

_READERS = [only(*COMMITTEE_READERS)]
_OF_THE_COUNTRY = [whole_country]


class DecisionForm(BaseModel):
    """What the committee decides; the amount in euros, as people type it."""

    outcome: CommitteeOutcome
    motive: Text
    support_types: list[SupportType] = []
    amount: Amount = Field(default=0, ge=0)
    reserve: Text | None = None
    reserve_until: date | None = None
    by_vote: bool = False
    in_favour: Voices = 0
    against: Voices = 0
    abstained: Voices = 0
    signatory: Line | None = None

    def verdict(self) -> Verdict:
        """Give it as the use case takes it."""
        return Verdict(
            self.outcome,
            self.motive,
            tuple(self.support_types),
            self.amount,
            self.reserve,
            self.reserve_until,
            Votes(in_favour=self.in_favour, against=self.against, abstained=self.abstained) if self.by_vote else None,
            self.signatory,
        )

    @staticmethod
    def of(decision: DecisionRow) -> dict[str, Any]:
        """Give what a form shows that begins with a decision on record; how it was voted is not taken over."""
        return {
            "outcome": decision.outcome.value,
            "motive": decision.motive,
            "support_types": [support.value for support in decision.support_types],
            "amount": euros_typed(decision.amount_cents),
            "reserve": decision.reserve,
            "reserve_until": decision.reserve_until,
            "signatory": decision.signatory,
            "by_vote": "",
        }


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}", guards=_OF_THE_COUNTRY)
async def decision_form(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show the dossier in short, with the form of the decision; that it was read is traced."""
    return await _decision_page(request, database, session_id, request_id, agent, document_links)


async def _decision_page(
    request: Asked,
    database: Database,
    session_id: UUID,
    request_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    *,
    status_code: int = 200,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    held, item = await _item(database, session_id, request_id, agent)
    found = await whole(database, request_id, agent, document_links)
    asked_for = [support.value for support in found.request.support_types]
    return show(
        request,
        "committee/decision.html",
        status_code=status_code,
        session=held,
        item=item,
        dossier=found,
        outcomes=[(outcome.value, word(outcome)) for outcome in CommitteeOutcome],
        support_types=[(support.value, word(support)) for support in SupportType],
        values=values or {"support_types": asked_for},
        errors=errors or {},
    )


async def _item(
    database: Database, session_id: UUID, request_id: UUID, agent: Agent
) -> tuple[SessionDetail, AgendaRow]:
    """Give a session, and a dossier of its agenda."""
    held = await session(database, session_id, by=acting.by(agent))
    item = next((item for item in held.agenda if item.request_id == request_id), None)
    if item is None:
        raise NoSuchSession
    return held, item


@post("/comite/{session_id:uuid}/dossiers/{request_id:uuid}", guards=_OF_THE_COUNTRY)
async def decide(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    durations: NamedDependency[Durations],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect | Template:
    """Record the decision."""
    form = await read_form(request, DecisionForm)

    async def act(tx: Transaction, typed: DecisionForm) -> str:
        await usecases.decide(
            tx, session_id, request_id, typed.verdict(), agent=agent, durations=durations, at=clock.now()
        )
        return f"/comite/{session_id}"

    async def again(status_code: int) -> Template:
        return await _decision_page(
            request,
            database,
            session_id,
            request_id,
            agent,
            document_links,
            status_code=status_code,
            values=form.values,
            errors=form.errors,
        )

    said = "La décision est enregistrée et notifiée."
    return await submit(request, database, cause, form, act, again=again, said=said)


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}/fiche", guards=_OF_THE_COUNTRY)
async def preparation_sheet(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Template:
    """Show what the members read before they decide on a dossier; that it was read is traced."""
    return await _sheet(request, database, session_id, request_id, agent, document_links, territories)


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}/fiche.pdf", guards=_OF_THE_COUNTRY)
async def preparation_sheet_on_paper(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
    territories: NamedDependency[Territories],
) -> Response[bytes]:
    """Give the preparation sheet as a PDF."""
    page = await _sheet(request, database, session_id, request_id, agent, document_links, territories)
    return await on_paper(request, page, name=f"fiche-{page.context['item'].number}")


async def _sheet(
    request: Asked,
    database: Database,
    session_id: UUID,
    request_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    territories: Territories,
) -> Template:
    held, item = await _item(database, session_id, request_id, agent)
    found = await whole(database, request_id, agent, document_links)
    return show(
        request,
        "committee/sheet.html",
        session=held,
        item=item,
        dossier=found,
        **await territory_shown(database, found, agent, territories, document_links),
    )


@get("/decisions", guards=_READERS)
async def register(
    request: Asked,
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
    reserve: Annotated[str, QueryParameter(max_length=20)] = "",
) -> Template:
    """Show the register of decisions; or those whose reserve waits, the nearest date first."""
    standing = reserve == "a-lever"
    return show(
        request,
        "committee/decisions.html",
        items=await decisions(
            database,
            departements=agent.perimeter,
            standing_reserve=standing,
            by=acting.by(agent),
            limit=paging.limit,
            offset=paging.offset,
        ),
        total=await count_decisions(database, departements=agent.perimeter, standing_reserve=standing),
        waiting=await count_decisions(database, departements=agent.perimeter, standing_reserve=True),
        standing=standing,
        paging=paging,
    )


@get("/decisions/{decision_id:uuid}", guards=_READERS)
async def printed_decision(
    request: Asked, decision_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show one decision as a document to print."""
    page, _ = await decision_page(request, database, decision_id, agent)
    return page


@get("/decisions/{decision_id:uuid}/decision.pdf", guards=_READERS)
async def decision_on_paper(
    request: Asked, decision_id: FromPath[UUID], database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Response[bytes]:
    """Give one decision as a PDF."""
    return await decision_as_pdf(request, database, decision_id, agent)


@get("/decisions/{decision_id:uuid}/correction", guards=_READERS)
async def correction_form(
    request: Asked,
    decision_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show the form of the decision that replaces this one, filled in with what this one says."""
    return await _correction_page(request, database, decision_id, agent, document_links)


async def _correction_page(
    request: Asked,
    database: Database,
    decision_id: UUID,
    agent: Agent,
    document_links: DocumentLinks,
    *,
    status_code: int = 200,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    replaced = await decision(database, decision_id, departements=agent.perimeter, by=acting.by(agent))
    return show(
        request,
        "committee/correction.html",
        status_code=status_code,
        replaced=replaced,
        dossier=await whole(database, replaced.request_id, agent, document_links),
        outcomes=[(outcome.value, word(outcome)) for outcome in CommitteeOutcome if outcome in DECIDING],
        support_types=[(support.value, word(support)) for support in SupportType],
        values=values or DecisionForm.of(replaced),
        errors=errors or {},
    )


@post("/decisions/{decision_id:uuid}/correction", guards=_READERS)
async def correct(
    request: Asked,
    decision_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect | Template:
    """Record the decision that replaces this one."""
    form = await read_form(request, DecisionForm)

    async def act(tx: Transaction, typed: DecisionForm) -> str:
        made = await usecases.correct(tx, decision_id, typed.verdict(), agent=agent, at=clock.now())
        return f"/decisions/{made.id}"

    async def again(status_code: int) -> Template:
        return await _correction_page(
            request,
            database,
            decision_id,
            agent,
            document_links,
            status_code=status_code,
            values=form.values,
            errors=form.errors,
        )

    said = "La nouvelle décision est enregistrée et notifiée. Elle remplace l’ancienne, qui reste au registre."
    return await submit(request, database, cause, form, act, again=again, said=said)


routes = [
    decision_form,
    decide,
    preparation_sheet,
    preparation_sheet_on_paper,
    register,
    printed_decision,
    decision_on_paper,
    correction_form,
    correct,
]
