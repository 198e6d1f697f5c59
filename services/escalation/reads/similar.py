"""Read decided dossiers similar to a given one, with their decisions."""

from datetime import date
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.moves import State
from services.escalation.domain.perimeter import Perimeter
from shared.contracts.vocabulary import CommitteeOutcome, Field
from shared.db import Reader, Row
from shared.french.words import word

MOST = 5
"""More would be read by nobody."""
AMONG = 300
"""So many of the latest decisions are compared: a year or more, and no more work when there are decades of them."""


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
    """Return those decided dossiers that share a field or the programme with this one, the most alike first.

    Each common field counts two, then the same kind of request, a size of the same order (half to double) and the same
    département one each. A deferral decides nothing, nor does a grant that is void because the applicant withdrew; what
    was decided before the latest decisions is left alone.
    """
    rows = await reader.fetch(
        f"""
        WITH decided AS (
            SELECT request_id, number, outcome, motive, amount_cents, decided_on, recorded_at
            FROM decision
            WHERE outcome <> 'deferred' AND replaced_by IS NULL
            ORDER BY recorded_at DESC
            LIMIT {AMONG}
        ), alike AS (
            SELECT DISTINCT ON (other.request_id) other.request_id, other.number, other.title, other.applicant_name,
                other.departement, other.state, other.fields, decided.number AS decision_number, decided.outcome,
                decided.motive, decided.amount_cents, decided.decided_on,
                this.fields AS these_fields,
                (SELECT count(*) FROM unnest(other.fields) AS f WHERE f = ANY (this.fields)) AS shared,
                coalesce(other.programme = this.programme, false) AS same_programme,
                other.kind = this.kind AS same_kind,
                other.departement = this.departement AS same_departement,
                coalesce(other.population BETWEEN this.population / 2 AND this.population * 2, false) AS same_size
            FROM escalation AS this
            CROSS JOIN decided
            JOIN escalation AS other ON other.request_id = decided.request_id
            WHERE this.request_id = $1
                AND other.request_id <> $1
                AND NOT (other.state = 'withdrawn' AND decided.outcome IN ('granted', 'granted_with_reserve'))
                AND (other.fields && this.fields OR other.programme = this.programme)
                AND ($2::text[] IS NULL OR other.departement = ANY($2))
                AND ($3::text[] IS NULL OR other.programme = ANY($3))
            ORDER BY other.request_id, decided.recorded_at DESC
        ), most AS (
            SELECT *, 2 * shared + same_programme::integer * 2 + same_kind::integer + same_size::integer
                + same_departement::integer AS likeness
            FROM alike
            ORDER BY likeness DESC, decided_on DESC, number
            LIMIT {MOST}
        )
        SELECT request_id, number, title, applicant_name, departement, state, decision_number, outcome, motive,
            amount_cents, decided_on, same_programme, same_size, same_departement,
            ARRAY(SELECT unnest(fields) INTERSECT SELECT unnest(these_fields) ORDER BY 1) AS common_fields
        FROM most
        ORDER BY likeness DESC, decided_on DESC, number
        """,
        request_id,
        perimeter.departements,
        perimeter.programmes,
    )
    return [SimilarRow.model_validate({**dict(row), "likeness": _likeness(row)}) for row in rows]


def _likeness(row: Row) -> list[str]:
    reasons = [word(Field(field)) for field in row["common_fields"]]
    if row["same_programme"]:
        reasons.append("Même programme")
    if row["same_size"]:
        reasons.append("Taille comparable")
    if row["same_departement"]:
        reasons.append("Même département")
    return reasons
