"""Who pays what: the page where a request's financing plan is settled."""

from collections.abc import Mapping
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.inputs import Line
from services.escalation.reads.detail_rows import EscalationDetail
from services.escalation.usecases import means
from services.escalation.web.links import DocumentLinks
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import COMMITTEE_READERS
from services.escalation.web.whole import whole
from shared import clock
from shared.commands import Amount
from shared.contracts.escalation import FinancingShare
from shared.contracts.vocabulary import FinancerKind
from shared.db import Cause, Database, Transaction
from shared.french.numbers import euros_typed
from shared.french.words import word
from shared.identity.model import Agent
from shared.web.access import only
from shared.web.forms import read_form, submit

_READERS = [only(*COMMITTEE_READERS)]

SHARES: Final = 6
"""Lines of the form of a financing plan."""


class ShareForm(BaseModel):
    """A line of the financing plan; left out when it has no amount."""

    kind: FinancerKind
    financer: Line | None = None
    amount: Amount = 0


class FinancingForm(BaseModel):
    """Who pays what, in euros."""

    total: Annotated[Amount, Field(ge=1)]
    shares: list[ShareForm] = []


@get("/demandes/{request_id:uuid}/financement", guards=_READERS)
async def financing_form(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Template:
    """Show who pays what, to be settled anew."""
    dossier = await whole(database, request_id, agent, document_links)
    return _financing_page(request, dossier, values=_typed(dossier))


def _typed(dossier: EscalationDetail) -> dict[str, str]:
    """Give the plan as it would be typed; without one, it begins with what is ordered and with the applicant."""
    plan = dossier.financing
    if plan is None:
        ordered = sum(one.committed_cents for one in dossier.mobilisations)
        given = [(FinancerKind.ANCT, "ANCT", ordered), (FinancerKind.APPLICANT, dossier.applicant_name, 0)]
    else:
        given = [(share.kind, share.financer, share.amount_cents) for share in plan.shares]
    typed = {"total": euros_typed(plan.total_cents) if plan else ""}
    for place, (kind, financer, amount) in enumerate(given):
        typed |= {
            f"shares.{place}.kind": kind.value,
            f"shares.{place}.financer": financer,
            f"shares.{place}.amount": euros_typed(amount) if amount else "",
        }
    return typed


def _financing_page(
    request: Asked,
    dossier: EscalationDetail,
    *,
    values: Mapping[str, Any],
    status_code: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Template:
    used = sum(1 for name in values if name.startswith("shares.") and name.endswith(".kind"))
    return show(
        request,
        "means/financing.html",
        status_code=status_code,
        dossier=dossier,
        kinds=[(kind.value, word(kind)) for kind in FinancerKind],
        places=range(max(SHARES, used + 2)),
        values=values,
        errors=errors or {},
    )


@post("/demandes/{request_id:uuid}/financement", guards=_READERS)
async def plan_financing(
    request: Asked,
    request_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
    document_links: NamedDependency[DocumentLinks],
) -> Redirect | Template:
    """Settle who pays what."""
    form = await read_form(request, FinancingForm)

    async def act(tx: Transaction, typed: FinancingForm) -> str:
        shares = [
            FinancingShare(kind=one.kind, financer=one.financer or word(one.kind), amount_cents=one.amount)
            for one in typed.shares
            if one.amount
        ]
        await means.plan_financing(tx, request_id, total_cents=typed.total, shares=shares, agent=agent, at=clock.now())
        return f"/demandes/{request_id}#financement"

    async def again(status_code: int) -> Template:
        dossier = await whole(database, request_id, agent, document_links)
        return _financing_page(request, dossier, values=form.values, status_code=status_code, errors=form.errors)

    return await submit(request, database, cause, form, act, again=again, said="Le plan de financement est arrêté.")


routes = [financing_form, plan_financing]
