"""Where means are found: the directory of operators, and the list of framework contracts."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Literal
from uuid import UUID

from litestar import get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Redirect, Template
from pydantic import BaseModel

from services.escalation.domain.inputs import Line, Text
from services.escalation.domain.moves import Action
from services.escalation.reads import directory as reads
from services.escalation.store.directory import Operator
from services.escalation.usecases import acting
from services.escalation.usecases import directory as usecases
from services.escalation.usecases.recording import day
from services.escalation.web.pages.showing import Asked, show
from services.escalation.web.readers import whole_country
from shared import clock
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Field
from shared.db import Cause, Database, Transaction
from shared.french.words import word
from shared.identity.model import Agent
from shared.web.forms import read_form, submit

_READERS = [whole_country]
MOST = 200
NOBODY = UUID(int=0)
FIELDS = [(field.value, word(field)) for field in Field]
OPERATOR_KINDS = {"central_administration": "Administration centrale", "state_operator": "Opérateur de l’État"}

Shown = Mapping[str, Any]


class OperatorForm(BaseModel):
    """An administration or State operator, and what it can be asked for."""

    name: Line
    kind: Literal["central_administration", "state_operator"]
    offer: Text
    fields: list[Field] = []
    contact: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    set_aside: bool = False

    def operator(self, operator_id: UUID = NOBODY) -> Operator:
        """Give it as the use case takes it."""
        said = {**dict(self), "fields": tuple(self.fields), "active": not self.set_aside}
        del said["set_aside"]
        return Operator(operator_id, **said)


class ContractForm(BaseModel):
    """A framework contract, as it was awarded."""

    reference: Line
    subject: Text
    starts_on: date
    ends_on: date


@get("/moyens", guards=_READERS)
async def show_directory(
    request: Asked, database: NamedDependency[Database], agent: NamedDependency[Agent]
) -> Template:
    """Show operators and contracts."""
    return await _directory_page(request, database, agent)


async def _directory_page(
    request: Asked,
    database: Database,
    agent: Agent,
    *,
    status_code: int = 200,
    failed: str | None = None,
    values: Shown | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    by, today = acting.by(agent), day(clock.now())
    asked = request.query_params.get("field", "")
    field = Field(asked) if asked in {one.value for one in Field} else None
    return show(
        request,
        "means/directory.html",
        status_code=status_code,
        operators=await reads.operators(database, field=field, active=None, by=by, limit=MOST, offset=0),
        contracts=await reads.contracts(database, today=today, by=by, limit=MOST, offset=0),
        may_keep=by.may(Action.DIRECTORY),
        kinds=OPERATOR_KINDS,
        fields_offered=FIELDS,
        filters=[{"name": "field", "label": "Thématique", "options": [("", "Toutes"), *FIELDS]}],
        failed=failed,
        values=values or {},
        errors=errors or {},
    )


@post("/moyens/operateurs", guards=_READERS)
async def add_operator(
    request: Asked, database: NamedDependency[Database], cause: NamedDependency[Cause], agent: NamedDependency[Agent]
) -> Redirect | Template:
    """Enter an operator in the directory."""
    form = await read_form(request, OperatorForm)

    async def act(tx: Transaction, typed: OperatorForm) -> str:
        await usecases.add_operator(tx, typed.operator(), agent=agent, at=clock.now())
        return "/moyens"

    async def again(status_code: int) -> Template:
        return await _directory_page(
            request,
            database,
            agent,
            status_code=status_code,
            failed="operator",
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="L’opérateur est dans l’annuaire.")


@get("/moyens/operateurs/{operator_id:uuid}", guards=_READERS)
async def show_operator(
    request: Asked,
    operator_id: FromPath[UUID],
    database: NamedDependency[Database],
    agent: NamedDependency[Agent],
) -> Template:
    """Show what the directory says of an operator, to be changed."""
    found = await reads.operator(database, operator_id, by=acting.by(agent))
    said = {
        **found.model_dump(mode="json", include=set(OperatorForm.model_fields)),
        "set_aside": "" if found.active else "true",
    }
    return await _operator_page(request, database, operator_id, agent, values=said)


async def _operator_page(
    request: Asked,
    database: Database,
    operator_id: UUID,
    agent: Agent,
    *,
    values: Shown,
    status_code: int = 200,
    errors: Mapping[str, str] | None = None,
) -> Template:
    return show(
        request,
        "means/operator.html",
        status_code=status_code,
        operator=await reads.operator(database, operator_id, by=acting.by(agent)),
        kinds=OPERATOR_KINDS,
        fields_offered=FIELDS,
        values=values,
        errors=errors or {},
    )


@post("/moyens/operateurs/{operator_id:uuid}", guards=_READERS)
async def save_operator(
    request: Asked,
    operator_id: FromPath[UUID],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    agent: NamedDependency[Agent],
) -> Redirect | Template:
    """Write an operator anew, or set it aside."""
    form = await read_form(request, OperatorForm)

    async def act(tx: Transaction, typed: OperatorForm) -> str:
        await usecases.save_operator(tx, typed.operator(operator_id), agent=agent)
        return "/moyens"

    async def again(status_code: int) -> Template:
        return await _operator_page(
            request, database, operator_id, agent, status_code=status_code, values=form.values, errors=form.errors
        )

    return await submit(request, database, cause, form, act, again=again, said="La fiche est enregistrée.")


@post("/moyens/marches", guards=_READERS)
async def add_contract(
    request: Asked, database: NamedDependency[Database], cause: NamedDependency[Cause], agent: NamedDependency[Agent]
) -> Redirect | Template:
    """Enter a framework contract, and go on with its lots."""
    form = await read_form(request, ContractForm)

    async def act(tx: Transaction, typed: ContractForm) -> str:
        contract_id = await usecases.add_contract(tx, **dict(typed), agent=agent, at=clock.now())
        return f"/moyens/marches/{contract_id}"

    async def again(status_code: int) -> Template:
        return await _directory_page(
            request,
            database,
            agent,
            status_code=status_code,
            failed="contract",
            values=form.values,
            errors=form.errors,
        )

    return await submit(request, database, cause, form, act, again=again, said="Le marché est enregistré.")


routes = [show_directory, add_operator, show_operator, save_operator, add_contract]
