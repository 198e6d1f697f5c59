"""Filters and order of the queue, parsed from the query parameters; empty ones are ignored."""

from typing import Annotated, Final, get_args

from litestar.di import NamedDependency
from litestar.params import QueryParameter

from services.qualification.domain.moves import State
from services.qualification.reads.queue import Filters, Sort
from shared.contracts.vocabulary import Field, RequestKind
from shared.errors import FieldError, Invalid
from shared.identity.model import Agent

ME: Final = "me"
YES: Final = frozenset({"true", "1", "yes", "oui", "on"})
NO: Final = frozenset({"false", "0", "no", "non", "off"})


async def provide_filters(
    agent: NamedDependency[Agent],
    in_state: Annotated[
        str | None, QueryParameter(name="state", description="One state, or several separated by commas")
    ] = None,
    assignee: Annotated[str | None, QueryParameter(description="An agent's address; `me`, or `none`")] = None,
    overdue: Annotated[str | None, QueryParameter(description="`true` or `false`")] = None,
    q: Annotated[str | None, QueryParameter(description="Number, title or applicant", max_length=200)] = None,
    departement: Annotated[str | None, QueryParameter(description="Code of a département", max_length=3)] = None,
    kind: Annotated[str | None, QueryParameter(description="Kind of request")] = None,
    field: Annotated[str | None, QueryParameter(description="Field of intervention")] = None,
    question: Annotated[str | None, QueryParameter(description="`true`: the national team waits for an answer")] = None,
    sort: Annotated[
        str | None, QueryParameter(description="urgency, due_on, opened_at or number; `-` reverses")
    ] = None,
) -> Filters:
    """Dependency `filters`; refuses (`Invalid`) values that no list has."""
    errors: list[FieldError] = []
    states = [value.strip() for value in (in_state or "").split(",") if value.strip()]
    for name, values, known in (
        ("state", states, State),
        ("kind", [kind] if kind else [], RequestKind),
        ("field", [field] if field else [], Field),
        ("sort", [sort] if sort else [], get_args(Sort)),
    ):
        if not set(values) <= set(known):
            errors.append(FieldError(name, f"Valeur non autorisée. Valeurs possibles : {', '.join(known)}."))
    late, asked = ((answer or "").strip().lower() for answer in (overdue, question))
    errors += [
        FieldError(name, "Oui ou non est attendu (true ou false).")
        for name, answer in (("overdue", late), ("question", asked))
        if answer and answer not in YES | NO
    ]
    if errors:
        raise Invalid(errors)
    whose = (assignee or "").strip()
    return Filters(
        states=tuple(State(value) for value in states),
        assignee=(agent.email if whose == ME else whose) or None,
        overdue=late in YES if late else None,
        q=q,
        departement=(departement or "").strip().upper() or None,
        kind=RequestKind(kind) if kind else None,
        field=Field(field) if field else None,
        question=asked in YES if asked else None,
        sort=next((known for known in get_args(Sort) if known == sort), None),
    )
