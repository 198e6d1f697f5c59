"""The envelopes: what there is, what is committed, delivered, paid, what is left, and the orders behind it."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.escalation.domain.inputs import Year
from services.escalation.domain.moves import Action
from services.escalation.reads.means import count_orders, envelope, envelopes, orders
from services.escalation.usecases import acting
from services.escalation.usecases import directory as usecases
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import whole_country
from shared import clock
from shared.commands import Amount
from shared.contracts.vocabulary import Programme
from shared.db import Cause, Database, Transaction
from shared.french.words import word
from shared.identity.model import Agent
from shared.web.forms import read_form, submit
from shared.web.paging import Page

_READERS = [whole_country]
MOST = 200


class EnvelopeForm(BaseModel):
    """A year's budget; the amount in euros, as people type it."""

    year: Year
    amount: Amount = Field(ge=0)
    programme: Programme | None = None


class AmountForm(BaseModel):
    """What a budget becomes, in euros."""

    new_amount: Amount = Field(ge=0)


@get("/enveloppes", guards=_READERS)
async def list_envelopes(
    request: Asked, database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show the envelopes."""
    return await _page(request, database, agent)


async def _page(
    request: Asked,
    database: Database,
    agent: Agent,
    *,
    status_code: int = 200,
    failed: UUID | None = None,
    values: Mapping[str, Any] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    by = acting.by(agent)
    return show(
        request,
        "means/envelopes.html",
        status_code=status_code,
        items=await envelopes(database, year=None, programme=None, by=by, limit=MOST, offset=0),
        may_open=by.may(Action.ENVELOPES),
        programmes=[(programme.value, word(programme)) for programme in Programme],
        failed=failed,
        values=values or {},
        errors=errors or {},
    )


@post("/enveloppes", guards=_READERS)
async def open_envelope(
    request: Asked, database: NamedDependency[Database], cause: NamedDependency[Cause], agent: NamedDependency[Agent]
) -> Redirect | Template:
    """Open a year's budget."""
    form = await read_form(request, EnvelopeForm)

    async def act(tx: Transaction, typed: EnvelopeForm) -> str:
        await usecases.open_envelope(
            tx,
            year=typed.year,
            programme=typed.programme,
            amount_cents=typed.amount,
            agent=agent,
            at=clock.now(),
        )
        return "/enveloppes"

    async def again(status_code: int) -> Template:
        return await _page(request, database, agent, status_code=status_code, values=form.values, errors=form.errors)

    return await submit(request, database, cause, form, act, again=again, said="L’enveloppe est ouverte.")


@get("/enveloppes/{envelope_id:uuid}", guards=_READERS)
async def show_envelope(
    request: Asked,
    envelope_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
    paging: NamedDependency[Page],
) -> Template:
    """Show what draws on an envelope."""
    return show(
        request,
        "means/envelope.html",
        item=await envelope(database, envelope_id, by=acting.by(agent)),
        orders=await orders(database, envelope_id=envelope_id, limit=paging.limit, offset=paging.offset),
        total=await count_orders(database, envelope_id=envelope_id),
        paging=paging,
    )


@post("/enveloppes/{envelope_id:uuid}", guards=_READERS)
async def resize_envelope(
    request: Asked,
    envelope_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Change a budget."""
    form = await read_form(request, AmountForm)

    async def act(tx: Transaction, typed: AmountForm) -> str:
        await usecases.resize_envelope(tx, envelope_id, amount_cents=typed.new_amount, agent=agent)
        return "/enveloppes"

    async def again(status_code: int) -> Template:
        return await _page(
            request,
            database,
            agent,
            status_code=status_code,
            failed=envelope_id,
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="Le montant est modifié.")


routes = [list_envelopes, show_envelope, open_envelope, resize_envelope]
