"""Past dossiers like this one, with what the committee decided: what a national agent asks his memory first."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.moves import State
from services.escalation.domain.perimeter import Perimeter
from shared.contracts.vocabulary import CommitteeOutcome, Field
from shared.db import Reader, Row
from shared.words import word

MOST = 5
"""More would be read by nobody."""
POPULATION = "(dossier #>> '{request,applicant,population}')::integer"


class SimilarRow(BaseModel):
    """A dossier that the committee has decided, and how it is like this one; `amount_cents` in euro cents."""

    request_id: UUID
    number: str
    title: str
    applicant_name: str
    departement: str
    state: State
    decision_number: str
    outcome: CommitteeOutcome
    motive: str
    amount_cents: int
    decided_on: date
    likeness: list[str]


async def similar(reader: Reader, request_id: UUID, *, perimeter: Perimeter) -> list[SimilarRow]:
    """Give the decided dossiers that share a field or the programme with this one, the most alike first.

    Each common field counts two, then the same kind of request, a size of the same order (half to double) and the same
    département one each. A deferral decides nothing.
    """
    rows = await reader.fetch(
        f"""
        WITH this AS (
            SELECT fields, programme, kind, departement, {POPULATION} AS population
            FROM escalation
            WHERE request_id = $1
        ), other AS (
            SELECT escalation.request_id, escalation.number, escalation.title, escalation.applicant_name,
                escalation.departement, escalation.state,
                ARRAY(
                    SELECT unnest(escalation.fields) INTERSECT SELECT unnest(this.fields) ORDER BY 1
                ) AS common_fields,
                escalation.programme IS NOT DISTINCT FROM this.programme AND this.programme IS NOT NULL
                    AS same_programme,
                escalation.kind = this.kind AS same_kind,
                escalation.departement = this.departement AS same_departement,
                coalesce({POPULATION} BETWEEN this.population / 2 AND this.population * 2, false) AS same_size
            FROM escalation
            CROSS JOIN this
            WHERE escalation.request_id <> $1
                AND (escalation.fields && this.fields OR escalation.programme = this.programme)
                AND ($2::text[] IS NULL OR escalation.departement = ANY($2))
                AND ($3::text[] IS NULL OR escalation.programme = ANY($3))
        )
        SELECT other.*, decided.number AS decision_number, decided.outcome, decided.motive, decided.amount_cents,
            decided.decided_on
        FROM other
        CROSS JOIN LATERAL (
            SELECT number, outcome, motive, amount_cents, decided_on
            FROM decision
            WHERE decision.request_id = other.request_id AND decision.outcome <> 'deferred'
                AND decision.replaced_by IS NULL
            ORDER BY recorded_at DESC
            LIMIT 1
        ) AS decided
        ORDER BY
            2 * cardinality(common_fields) + same_programme::integer * 2 + same_kind::integer + same_size::integer
                + same_departement::integer DESC,
            decided.decided_on DESC,
            other.number
        LIMIT {MOST}
        """,  # noqa: S608 - built from constants
        request_id,
        perimeter.departements,
        perimeter.programmes,
    )
    return [SimilarRow.model_validate({**dict(row), "likeness": _likeness(row)}) for row in rows]


def _likeness(row: Row) -> list[str]:
    said = [word(Field(field)) for field in row["common_fields"]]
    if row["same_programme"]:
        said.append("Même programme")
    if row["same_size"]:
        said.append("Taille comparable")
    if row["same_departement"]:
        said.append("Même département")
    return said
