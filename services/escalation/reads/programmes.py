"""Read models of the national programmes and of the requests directed to them."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.moves import By
from services.escalation.domain.perimeter import Perimeter
from services.escalation.domain.programmes import ProgrammeRequestState, open_actions
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import Programme
from shared.db import Reader, Row
from shared.errors import NotFound
from shared.french.words import word
from shared.web.paging import Page, Paged


class ProgrammeRow(BaseModel):
    """A programme: requests directed to it and what became of them, where they come from, dossiers of the committee.

    `open` wait for the team or are in its hands, `completed` were seen through, `declined` went back. `evaluated` and
    `satisfaction` are of all requests of the programme, those before the committee too.
    """

    programme: Programme
    name: str
    territories: int
    requests: int
    open: int
    completed: int
    declined: int
    evaluated: int
    departements: int
    escalations: int
    satisfaction: float | None


class TeamMemberRow(BaseModel):
    """Somebody of a programme's team: an agent whom an administrator gave the programme."""

    name: str
    email: str


class BudgetRow(BaseModel):
    """A year's envelope of the programme, in euro cents."""

    year: int
    amount_cents: int
    committed_cents: int


class SheetView(BaseModel):
    """A programme: what it brings, its period, whom to turn to, its team, its budget, how much it covers."""

    programme: Programme
    name: str
    purpose: str | None
    starts_on: date | None
    ends_on: date | None
    email: str | None
    phone: str | None
    changed_at: datetime | None
    team: list[TeamMemberRow] = []
    budgets: list[BudgetRow] = []
    territories: int
    departements: int


class ProgrammeRequestView(BaseModel):
    """A request that a département directed to a programme."""

    request_id: UUID
    number: str
    programme: Programme
    state: ProgrammeRequestState
    departement: str
    title: str
    applicant_name: str
    directed_at: datetime
    changed_at: datetime
    motive: str
    directed_by: Actor
    interlocutor: str | None
    taken_up_at: datetime | None
    answer: str | None
    answered_at: datetime | None
    answered_by: Actor | None
    contact: dict[str, str | None]
    description: str
    allowed_actions: list[str] = []


_REQUEST = """
    request_id, number, programme, state, departement, title, applicant_name, directed_at, changed_at, motive,
    directed_by, interlocutor, taken_up_at, answer, answered_at, answered_by,
    dossier #> '{request,contact}' AS contact, dossier #>> '{request,description}' AS description
"""


async def programmes(reader: Reader, *, perimeter: Perimeter) -> list[ProgrammeRow]:
    """Return the programmes that the caller sees, with their counts."""
    rows = await reader.fetch(
        """
        SELECT listed.programme,
            (
                SELECT count(DISTINCT (kind, code))
                FROM programme_territory
                WHERE programme_territory.programme = listed.programme
            ) AS territories,
            count(DISTINCT programme_request.request_id) AS requests,
            count(DISTINCT programme_request.request_id) FILTER (
                WHERE programme_request.state IN ('directed', 'taken_up')
            ) AS open,
            count(DISTINCT programme_request.request_id) FILTER (
                WHERE programme_request.state IN ('completed', 'evaluated', 'closed')
            ) AS completed,
            count(DISTINCT programme_request.request_id) FILTER (
                WHERE programme_request.state = 'declined'
            ) AS declined,
            count(DISTINCT programme_request.departement) AS departements,
            (
                SELECT count(*)
                FROM escalation
                WHERE escalation.programme = listed.programme AND ($2::text[] IS NULL OR departement = ANY($2))
            ) AS escalations,
            said.evaluated,
            said.satisfaction
        FROM unnest($1::text[]) WITH ORDINALITY AS listed (programme, place)
        LEFT JOIN programme_request ON programme_request.programme = listed.programme
            AND ($2::text[] IS NULL OR programme_request.departement = ANY($2))
        CROSS JOIN LATERAL (
            SELECT count(DISTINCT evaluation.request_id) AS evaluated,
                avg(evaluation.satisfaction)::float AS satisfaction
            FROM evaluation
            LEFT JOIN followed USING (request_id)
            WHERE coalesce(evaluation.programme, followed.programme) = listed.programme
                AND ($2::text[] IS NULL OR evaluation.departement = ANY($2))
        ) AS said
        GROUP BY listed.programme, listed.place, said.evaluated, said.satisfaction
        ORDER BY listed.place
        """,
        [programme.value for programme in Programme if _seen(programme, perimeter)],
        perimeter.departements,
    )
    return [ProgrammeRow.model_validate({**dict(row), "name": word(Programme(row["programme"]))}) for row in rows]


def _seen(programme: Programme, perimeter: Perimeter) -> bool:
    return perimeter.programmes is None or programme.value in perimeter.programmes


async def programme_requests(
    reader: Reader,
    programme: Programme,
    *,
    state: ProgrammeRequestState | None,
    perimeter: Perimeter,
    by: By,
    page: Page,
) -> Paged[ProgrammeRequestView]:
    """Return the requests directed to a programme, the latest first; none of one that the caller does not see."""
    rows = await reader.fetch(
        f"""
        SELECT {_REQUEST}
        FROM programme_request
        WHERE programme = $1
            AND ($2::text IS NULL OR state = $2)
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        ORDER BY directed_at DESC, request_id
        LIMIT $5 OFFSET $6
        """,
        programme,
        state,
        perimeter.departements,
        perimeter.programmes,
        page.limit,
        page.offset,
    )
    total = await _count_requests(reader, programme, state, perimeter)
    return Paged(items=[_request(row, by) for row in rows], total=total, page=page.number)


async def programme_request(reader: Reader, request_id: UUID, *, perimeter: Perimeter, by: By) -> ProgrammeRequestView:
    """Return one request as its programme's team sees it; refuses (`NotFound`) one outside the perimeter."""
    row = await reader.fetchrow(
        f"""
        SELECT {_REQUEST}
        FROM programme_request
        WHERE request_id = $1
            AND ($2::text[] IS NULL OR departement = ANY($2))
            AND ($3::text[] IS NULL OR programme = ANY($3))
        """,
        request_id,
        perimeter.departements,
        perimeter.programmes,
    )
    if row is None:
        raise NotFound
    return _request(row, by)


def _request(row: Row, by: By) -> ProgrammeRequestView:
    actions = open_actions(ProgrammeRequestState(row["state"]), by)
    return ProgrammeRequestView.model_validate({**dict(row), "allowed_actions": actions})


async def _count_requests(
    reader: Reader, programme: Programme, state: ProgrammeRequestState | None, perimeter: Perimeter
) -> int:
    total: int = await reader.fetchval(
        """
        SELECT count(*)
        FROM programme_request
        WHERE programme = $1
            AND ($2::text IS NULL OR state = $2)
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        """,
        programme,
        state,
        perimeter.departements,
        perimeter.programmes,
    )
    return total


async def requests_by_state(
    reader: Reader, programme: Programme, *, perimeter: Perimeter
) -> dict[ProgrammeRequestState, int]:
    """Count the requests of a programme that the caller sees, by where they stand."""
    rows = await reader.fetch(
        """
        SELECT state, count(*) AS requests
        FROM programme_request
        WHERE programme = $1
            AND ($2::text[] IS NULL OR departement = ANY($2))
            AND ($3::text[] IS NULL OR programme = ANY($3))
        GROUP BY state
        """,
        programme,
        perimeter.departements,
        perimeter.programmes,
    )
    return {ProgrammeRequestState(row["state"]): row["requests"] for row in rows}


async def sheet(reader: Reader, programme: Programme) -> SheetView:
    """Return a programme's sheet."""
    row = await reader.fetchrow(
        """
        SELECT programme, purpose, starts_on, ends_on, email, phone, changed_at,
            (
                SELECT count(DISTINCT (kind, code))
                FROM programme_territory AS t
                WHERE t.programme = programme.programme
            ) AS territories,
            (
                SELECT count(DISTINCT departement)
                FROM programme_territory AS t
                WHERE t.programme = programme.programme
            ) AS departements
        FROM programme
        WHERE programme = $1
        """,
        programme,
    )
    found = SheetView.model_validate({**dict(row or {}), "name": word(programme)})
    found.team = await _team(reader, programme)
    found.budgets = await _budgets(reader, programme)
    return found


async def _team(reader: Reader, programme: Programme) -> list[TeamMemberRow]:
    rows = await reader.fetch(
        """
        SELECT name, email
        FROM agent
        WHERE 'programme_agent' = ANY(roles) AND $1 = ANY(programmes) AND removed_at IS NULL
        ORDER BY lower(unaccent(name)), email
        """,
        programme,
    )
    return [TeamMemberRow.model_validate(dict(row)) for row in rows]


async def _budgets(reader: Reader, programme: Programme) -> list[BudgetRow]:
    rows = await reader.fetch(
        """
        SELECT year, amount_cents, committed_cents
        FROM envelope
        WHERE programme = $1
        ORDER BY year DESC
        """,
        programme,
    )
    return [BudgetRow.model_validate(dict(row)) for row in rows]
