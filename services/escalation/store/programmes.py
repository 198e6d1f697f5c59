"""The SQL that changes programmes, their coverage and the requests directed to them, and stores evaluations."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.coverage import Covered, Key
from services.escalation.domain.perimeter import Perimeter
from services.escalation.domain.programmes import ProgrammeRequest, ProgrammeRequestState
from shared.contracts.escalation import CoveredTerritory
from shared.contracts.fact import Actor
from shared.contracts.intake import EvaluationSubmitted
from shared.contracts.qualification import DirectedToProgramme
from shared.contracts.vocabulary import Programme
from shared.db import Row, Transaction
from shared.errors import NotFound

_REQUEST = "request_id, departement, programme, state, interlocutor, taken_up_at, answer, answered_at, answered_by"


class NoSuchProgrammeRequest(NotFound):
    """No such request was directed to this programme, or the caller does not see it (HTTP 404)."""

    code = "no_such_programme_request"
    title = "No such request of this programme in the caller's perimeter"
    sentence = "Cette demande n’a pas été orientée vers ce programme, ou n’est pas dans votre périmètre."


async def lock_programme(tx: Transaction, programme: Programme, perimeter: Perimeter) -> None:
    """Let one transaction at a time change a programme of the caller's perimeter; refuses (`NotFound`) any other."""
    found = await tx.fetchval(
        """
        SELECT programme
        FROM programme
        WHERE programme = $1 AND ($2::text[] IS NULL OR programme = ANY($2))
        FOR UPDATE
        """,
        programme,
        perimeter.programmes,
    )
    if found is None:
        raise NotFound


async def describe_programme(
    tx: Transaction,
    programme: Programme,
    *,
    purpose: str | None,
    starts_on: date | None,
    ends_on: date | None,
    email: str | None,
    phone: str | None,
    at: datetime,
) -> None:
    """Write the sheet of a programme anew."""
    await tx.execute(
        """
        UPDATE programme
        SET purpose = $2, starts_on = $3, ends_on = $4, email = $5, phone = $6, changed_at = $7
        WHERE programme = $1
        """,
        programme,
        purpose,
        starts_on,
        ends_on,
        email,
        phone,
        at,
    )


async def coverage_of(tx: Transaction, programme: Programme) -> dict[Key, Covered]:
    """Return what a programme covers, by kind and code."""
    rows = await tx.fetch(
        """
        SELECT kind, code, name, since, until, array_agg(departement ORDER BY departement) AS departements
        FROM programme_territory
        WHERE programme = $1
        GROUP BY kind, code, name, since, until
        """,
        programme,
    )
    covered = [
        Covered(CoveredTerritory.model_validate(dict(row)), departements=tuple(row["departements"])) for row in rows
    ]
    return {one.key: one for one in covered}


async def load_request_for_update(
    tx: Transaction, request_id: UUID, programme: Programme, perimeter: Perimeter
) -> ProgrammeRequest:
    """Return, locked, a request of a programme that the caller sees; refuses (`NoSuchProgrammeRequest`) any other."""
    row = await tx.fetchrow(
        f"""
        SELECT {_REQUEST}
        FROM programme_request
        WHERE request_id = $1
            AND programme = $2
            AND ($3::text[] IS NULL OR departement = ANY($3))
            AND ($4::text[] IS NULL OR programme = ANY($4))
        FOR UPDATE
        """,
        request_id,
        programme,
        perimeter.departements,
        perimeter.programmes,
    )
    if row is None:
        raise NoSuchProgrammeRequest
    return _request(row)


async def find_request_for_update(tx: Transaction, request_id: UUID) -> ProgrammeRequest | None:
    """Return a request that was directed to a programme, locked; None if none was."""
    row = await tx.fetchrow(
        f"SELECT {_REQUEST} FROM programme_request WHERE request_id = $1 FOR UPDATE",
        request_id,
    )
    return _request(row) if row else None


def _request(row: Row) -> ProgrammeRequest:
    return ProgrammeRequest(
        request_id=row["request_id"],
        departement=row["departement"],
        programme=Programme(row["programme"]),
        state=ProgrammeRequestState(row["state"]),
        interlocutor=row["interlocutor"],
        taken_up_at=row["taken_up_at"],
        answer=row["answer"],
        answered_at=row["answered_at"],
        answered_by=Actor.model_validate(row["answered_by"]) if row["answered_by"] else None,
    )


async def save_request(tx: Transaction, request: ProgrammeRequest, *, at: datetime) -> None:
    """Write where a request stands with its programme."""
    await tx.execute(
        """
        UPDATE programme_request
        SET state = $2, interlocutor = $3, taken_up_at = $4, answer = $5, answered_at = $6, answered_by = $7,
            changed_at = $8
        WHERE request_id = $1
        """,
        request.request_id,
        request.state,
        request.interlocutor,
        request.taken_up_at,
        request.answer,
        request.answered_at,
        request.answered_by.model_dump(mode="json") if request.answered_by else None,
        at,
    )


async def add_programme_request(tx: Transaction, fact: DirectedToProgramme) -> None:
    """Store a request that was directed to a programme; the last direction counts.

    What the applicant did since may have come before: it comes from another service.
    """
    request = fact.dossier.request
    await tx.execute(
        """
        INSERT INTO programme_request (
            request_id, programme, number, departement, title, applicant_name, directed_at, motive, directed_by,
            dossier, state, changed_at
        )
        SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
               CASE WHEN c.at IS NOT NULL THEN 'closed'
                    WHEN e.submitted_at > $7 THEN 'evaluated'
                    ELSE 'directed' END,
               greatest($7, e.submitted_at, c.at)
        FROM (SELECT $1::uuid AS request_id) AS r
        LEFT JOIN early_note AS c ON c.request_id = r.request_id AND c.type = 'intake.request_closed.v1'
        LEFT JOIN (
            SELECT request_id, max(submitted_at) AS submitted_at FROM evaluation GROUP BY request_id
        ) AS e ON e.request_id = r.request_id
        ON CONFLICT (request_id) DO UPDATE SET
            programme = excluded.programme,
            departement = excluded.departement,
            state = excluded.state,
            directed_at = excluded.directed_at,
            changed_at = excluded.changed_at,
            motive = excluded.motive,
            directed_by = excluded.directed_by,
            dossier = excluded.dossier,
            interlocutor = NULL,
            taken_up_at = NULL,
            answer = NULL,
            answered_at = NULL,
            answered_by = NULL
        """,
        fact.request_id,
        fact.programme,
        request.number,
        fact.departement,
        request.title,
        request.applicant.name,
        fact.at,
        fact.motive,
        fact.by.model_dump(mode="json"),
        fact.dossier.model_dump(mode="json"),
    )


async def move_programme_request(tx: Transaction, request_id: UUID, *, state: str, at: datetime) -> None:
    """Note what became of a request that was directed to a programme, if this one was."""
    await tx.execute(
        "UPDATE programme_request SET state = $2, changed_at = $3 WHERE request_id = $1", request_id, state, at
    )


async def add_evaluation(tx: Transaction, fact: EvaluationSubmitted) -> None:
    """Store an applicant's evaluation."""
    await tx.execute(
        """
        INSERT INTO evaluation (
            request_id, number, departement, applicant_name, fields, programme, need_met, progress, satisfaction,
            impact, comment, submitted_at, round
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (request_id, round) DO UPDATE SET
            need_met = excluded.need_met,
            progress = excluded.progress,
            satisfaction = excluded.satisfaction,
            impact = excluded.impact,
            comment = excluded.comment,
            submitted_at = excluded.submitted_at
        """,
        fact.request_id,
        fact.number,
        fact.departement,
        fact.applicant.name,
        list(fact.fields),
        fact.programme,
        fact.need_met,
        fact.progress,
        fact.satisfaction,
        fact.impact,
        fact.comment,
        fact.at,
        fact.round,
    )
