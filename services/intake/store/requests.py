"""The SQL that inserts, locks and updates requests, and gives them their number."""

from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from services.intake.domain.colleagues import Holder
from services.intake.domain.request import TrackedRequest
from services.intake.domain.timeline import Details, Step
from services.intake.domain.withdrawal import Expected, Withdrawal
from services.intake.store import colleagues
from shared.contracts.vocabulary import Team
from shared.db import Row, Transaction
from shared.errors import NotFound
from shared.letters import Answer


async def next_number(tx: Transaction, departement: str, year: int) -> str:
    """Take the next number of a département and year; other filings there wait until this one ends either way."""
    last = await tx.fetchval(
        """
        INSERT INTO number_counter AS counter (departement, year, last)
        VALUES ($1, $2, 1)
        ON CONFLICT (departement, year) DO UPDATE SET last = counter.last + 1
        RETURNING last
        """,
        departement,
        year,
    )
    return f"{departement}-{year}-{last:06d}"


async def note_number(tx: Transaction, departement: str, year: int, last: int) -> None:
    """Count on from a number that was given: for a database that is rebuilt."""
    await tx.execute(
        """
        INSERT INTO number_counter AS counter (departement, year, last)
        VALUES ($1, $2, $3)
        ON CONFLICT (departement, year) DO UPDATE SET last = greatest(counter.last, EXCLUDED.last)
        """,
        departement,
        year,
        last,
    )


async def claim_key(tx: Transaction, key_digest: bytes, body_digest: bytes, request_id: UUID, at: datetime) -> bool:
    """Take an idempotency key for a new request; waits for a filing under way, and returns False when it is taken."""
    taken = await tx.fetchval(
        """
        INSERT INTO filing (key_digest, body_digest, request_id, filed_at)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (key_digest) DO NOTHING
        RETURNING TRUE
        """,
        key_digest,
        body_digest,
        request_id,
        at,
    )
    return bool(taken)


async def filed_under(tx: Transaction, key_digest: bytes) -> tuple[UUID, str, str, datetime, bytes]:
    """Return what a key made: the request's id, its number, where and when it was filed, and the body's digest."""
    row = await tx.fetchrow(
        """
        SELECT request.id, request.number, request.filed_departement, request.submitted_at, filing.body_digest
        FROM filing
        JOIN request ON request.id = filing.request_id
        WHERE filing.key_digest = $1
        """,
        key_digest,
    )
    if row is None:
        raise NotFound
    return row["id"], row["number"], row["filed_departement"], row["submitted_at"], row["body_digest"]


async def add(tx: Transaction, tracked: TrackedRequest, *, filed_from: str | None) -> None:
    """Store a new request."""
    await tx.execute(
        """
        INSERT INTO request (id, number, filed_departement, departement, departement_at, submitted_at, filed_from,
                             body, status, status_at, team, expected, contact_confirmed_at)
        VALUES ($1, $2, $3, $3, $4, $5, $6, $7, $8, $4, $9, $10, $11)
        """,
        tracked.id,
        tracked.filed.number,
        tracked.departement,
        tracked.departement_at,
        tracked.filed.submitted_at,
        filed_from,
        tracked.filed.model_dump(mode="json"),
        tracked.status,
        tracked.team,
        _EXPECTED.dump_python(tracked.expected, mode="json"),
        tracked.contact_confirmed_at,
    )


_TRACKED: Final[TypeAdapter[TrackedRequest]] = TypeAdapter(TrackedRequest)
_DETAILS: Final[TypeAdapter[Details]] = TypeAdapter(Details)
_EXPECTED: Final[TypeAdapter[Expected | None]] = TypeAdapter(Expected | None)
_WITHDRAWAL: Final[TypeAdapter[Withdrawal | None]] = TypeAdapter(Withdrawal | None)

COLUMNS: Final = """
    id, departement, departement_at, body, status, status_at, team, expected, national_status, resumed, service,
    decision, decision_at, evaluation_open, evaluated_at, closed_at, link_generation,
    old_link_generation, contact_confirmed_at, withdrawal
"""


async def find_for_update(tx: Transaction, request_id: UUID) -> TrackedRequest | None:
    """Lock a request, if there is one."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM request WHERE id = $1 FOR UPDATE", request_id)
    return tracked_of(row) if row else None


async def load_for_update(tx: Transaction, request_id: UUID) -> TrackedRequest:
    """Lock a request; refuses with `NotFound`."""
    tracked = await find_for_update(tx, request_id)
    if tracked is None:
        raise NotFound
    return tracked


async def load_held(tx: Transaction, holder: Holder) -> TrackedRequest:
    """Lock the request that somebody's link opens; refuses with `NotFound` when it opens none, or none any more."""
    row = await tx.fetchrow(
        f"""
        SELECT {COLUMNS}
        FROM request
        WHERE id = $1
        AND (
            $2 IN (link_generation, old_link_generation)
            OR EXISTS (
                SELECT FROM colleague
                WHERE colleague.id = $3 AND colleague.request_id = request.id AND colleague.removed_at IS NULL
            )
        )
        FOR UPDATE
        """,
        holder.request_id,
        holder.generation,
        holder.colleague_id,
    )
    if row is None:
        raise NotFound
    tracked = tracked_of(row)
    if holder.colleague_id is not None:
        tracked.colleague = await colleagues.load(tx, holder.colleague_id, of=tracked.id)
    return tracked


async def find_by_number(tx: Transaction, number: str) -> TrackedRequest | None:
    """Lock the request that has this number, if there is one."""
    row = await tx.fetchrow(f"SELECT {COLUMNS} FROM request WHERE number = $1 FOR UPDATE", number)
    return tracked_of(row) if row else None


async def want_link(tx: Transaction, number: str, email_digest: bytes, *, at: datetime) -> None:
    """Store that somebody asks for a new link to a request that may exist or not."""
    await tx.execute(
        "INSERT INTO wanted_link (number, email_digest, asked_at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        number,
        email_digest,
        at,
    )


async def take_wanted_link(tx: Transaction) -> tuple[str, bytes] | None:
    """Take the oldest wanted link that nobody has in hand: the number and the digest of the mail address."""
    row = await tx.fetchrow(
        """
        DELETE FROM wanted_link
        WHERE (number, email_digest) = (
            SELECT number, email_digest FROM wanted_link ORDER BY asked_at LIMIT 1 FOR UPDATE SKIP LOCKED
        )
        RETURNING number, email_digest
        """
    )
    return (row["number"], row["email_digest"]) if row else None


async def confirm_contact(tx: Transaction, request_id: UUID, *, at: datetime) -> None:
    """Store that somebody has opened a link that was mailed to the contact."""
    await tx.execute("UPDATE request SET contact_confirmed_at = $2 WHERE id = $1", request_id, at)


async def evaluated_before(tx: Transaction, moment: datetime, *, most: int) -> list[TrackedRequest]:
    """Lock requests whose evaluation is older than that, leaving those that another copy has in hand."""
    rows = await tx.fetch(
        f"""
        SELECT {COLUMNS}
        FROM request
        WHERE status = 'evaluated' AND evaluated_at < $1
        ORDER BY evaluated_at
        LIMIT $2
        FOR UPDATE SKIP LOCKED
        """,
        moment,
        most,
    )
    return [tracked_of(row) for row in rows]


async def save(tx: Transaction, tracked: TrackedRequest) -> None:
    """Store what changed."""
    await tx.execute(
        """
        UPDATE request SET
            departement = $2,
            departement_at = $3,
            status = $4,
            status_at = $5,
            team = $6,
            expected = $7,
            national_status = $8,
            resumed = $9,
            service = $10,
            decision = $11,
            decision_at = $12,
            evaluation_open = $13,
            evaluated_at = $14,
            closed_at = $15,
            link_generation = $16,
            withdrawal = $17,
            old_link_generation = $18
        WHERE id = $1
        """,
        tracked.id,
        tracked.departement,
        tracked.departement_at,
        tracked.status,
        tracked.status_at,
        tracked.team,
        _EXPECTED.dump_python(tracked.expected, mode="json"),
        tracked.national_status,
        tracked.resumed,
        tracked.service.model_dump(mode="json") if tracked.service else None,
        tracked.decision,
        tracked.decision_at,
        tracked.evaluation_open,
        tracked.evaluated_at,
        tracked.closed_at,
        tracked.link_generation,
        _WITHDRAWAL.dump_python(tracked.withdrawal, mode="json"),
        tracked.old_link_generation,
    )


async def add_step(tx: Transaction, request_id: UUID, step_id: UUID, step: Step) -> None:
    """Add an entry to the timeline."""
    await tx.execute(
        "INSERT INTO step (id, request_id, at, type, team, details, answer) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        step_id,
        request_id,
        step.at,
        step.type,
        step.team,
        _DETAILS.dump_python(step.details, mode="json", exclude_defaults=True),
        step.answer.model_dump(mode="json", exclude_none=True) if step.answer else None,
    )


def step_of_row(row: Row) -> Step:
    """Read an entry of the timeline from its row."""
    answer = Answer.model_validate(row["answer"]) if row["answer"] else None
    return Step(row["at"], row["type"], Team(row["team"]), _DETAILS.validate_python(row["details"]), answer)


async def note_mail(tx: Transaction, request_id: UUID, *, failed_at: datetime | None) -> None:
    """Store whether the latest mail to the applicant failed."""
    await tx.execute(
        "UPDATE request SET mail_failed_at = $2 WHERE id = $1 AND mail_failed_at IS DISTINCT FROM $2",
        request_id,
        failed_at,
    )


def tracked_of(row: Row) -> TrackedRequest:
    """Read a request from its row of `COLUMNS`."""
    return _TRACKED.validate_python({**row, "filed": row["body"]})
