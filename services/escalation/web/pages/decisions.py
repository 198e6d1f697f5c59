"""The page where the committee's decision on one dossier is recorded, and the decision on paper."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.committee import Verdict
from services.escalation.reads.committee import session
from services.escalation.reads.detail import detail
from services.escalation.settings import Durations
from services.escalation.store.committee import NoSuchSession
from services.escalation.usecases import acting, consultations
from services.escalation.usecases import committee as usecases
from services.escalation.usecases.telling import day
from services.escalation.web.inputs import Text
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages.showing import Asked, show, submit
from services.escalation.web.readers import COMMITTEE_READERS
from shared import clock
from shared.contracts.vocabulary import CommitteeOutcome, SupportType
from shared.db import Cause, Database, Transaction
from shared.identity.model import Agent
from shared.web.access import only
from shared.web.forms import EurosTyped, read_form
from shared.web.paper import on_paper
from shared.words import word

_READERS = [only(*COMMITTEE_READERS)]


class DecisionForm(BaseModel):
    """What the committee decides; the amount in euros, as people type it."""

    outcome: CommitteeOutcome
    motive: Text
    support_types: list[SupportType] = []
    amount: EurosTyped = Field(default=0, ge=0)
    reserve: Text | None = None


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}", guards=_READERS)
async def decision_form(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show the dossier in short, with the form of the decision; that it was read is traced."""
    page = await _decision_page(request, database, session_id, request_id, agent, document_links)
    async with database.transaction(cause) as tx:
        await consultations.trace(tx, [request_id], agent=agent, at=clock.now())
    return page


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
    by = acting.by(agent)
    held = await session(database, session_id, by=by)
    item = next((item for item in held.agenda if item.request_id == request_id), None)
    if item is None:
        raise NoSuchSession
    found = await detail(
        database,
        request_id,
        perimeter=acting.perimeter(agent),
        by=by,
        today=day(clock.now()),
        document_url=document_links,
    )
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


@post("/comite/{session_id:uuid}/dossiers/{request_id:uuid}", guards=_READERS)
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

    async def act(tx: Transaction) -> str:
        assert form.model is not None  # noqa: S101 - `submit` calls this only for a valid form
        verdict = Verdict(
            form.model.outcome,
            form.model.motive,
            tuple(form.model.support_types),
            form.model.amount,
            form.model.reserve,
        )
        await usecases.decide(tx, session_id, request_id, verdict, agent=agent, durations=durations, at=clock.now())
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


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}/decision", guards=_READERS)
async def printed_decision(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Template:
    """Show one decision as a document to print."""
    page, _ = await _printed(request, database, session_id, request_id, agent)
    return page


@get("/comite/{session_id:uuid}/dossiers/{request_id:uuid}/decision.pdf", guards=_READERS)
async def decision_on_paper(
    request: Asked,
    session_id: FromPath[UUID],
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Response[bytes]:
    """Give one decision as a PDF."""
    page, number = await _printed(request, database, session_id, request_id, agent)
    return await on_paper(request, page, name=f"decision-{number}")


async def _printed(
    request: Asked, database: Database, session_id: UUID, request_id: UUID, agent: Agent
) -> tuple[Template, str]:
    """Give a decision's page for paper, and the decision's number."""
    held = await session(database, session_id, by=acting.by(agent))
    for item in held.agenda:
        if item.request_id == request_id and item.decision:
            page = show(request, "committee/printed_decision.html", session=held, item=item)
            return page, item.decision.number
    raise NoSuchSession


routes = [decision_form, decide, printed_decision, decision_on_paper]
