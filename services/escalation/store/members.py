"""The SQL that changes the list of the committee's standing members."""

from datetime import date, datetime
from uuid import UUID

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.members import StandingMember
from services.escalation.domain.refusals import MemberChanged, MemberListed
from shared.contracts.fact import Actor
from shared.db import Row, Transaction
from shared.errors import NotFound


class NoSuchMember(NotFound):
    """The list has no such member (HTTP 404)."""

    code = "no_such_member"
    title = "No such member of the committee"
    sentence = "Ce membre n’est pas dans la liste du comité."


async def add_member(tx: Transaction, member_id: UUID, member: StandingMember, *, by: Actor, at: datetime) -> None:
    """Enter a member; refuses (`MemberListed`) a name that is in office on one of these days."""
    await _check_free(tx, member_id, member)
    await tx.execute(
        """
        INSERT INTO committee_member (
            id, name, role, alternate, valid_from, valid_until, created_at, changed_at, changed_by
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)
        """,
        member_id,
        *_columns(member),
        at,
        by.model_dump(mode="json"),
    )


async def save_member(
    tx: Transaction, member_id: UUID, member: StandingMember, *, seen: datetime | None, by: Actor, at: datetime
) -> None:
    """Change a member; refuses (`MemberChanged`) one whom somebody else changed since it was `seen`."""
    await _check_free(tx, member_id, member)
    row = await tx.fetchrow("SELECT changed_at, changed_by FROM committee_member WHERE id = $1 FOR UPDATE", member_id)
    if row is None:
        raise NoSuchMember
    if seen is not None and seen != row["changed_at"]:
        raise MemberChanged(by=Actor.model_validate(row["changed_by"]), at=row["changed_at"])
    await tx.execute(
        """
        UPDATE committee_member
        SET name = $2, role = $3, alternate = $4, valid_from = $5, valid_until = $6, changed_at = $7, changed_by = $8
        WHERE id = $1
        """,
        member_id,
        *_columns(member),
        at,
        by.model_dump(mode="json"),
    )


async def in_office(tx: Transaction, day: date) -> list[StandingMember]:
    """Return the members in office on a day: who presides first, then by name."""
    rows = await tx.fetch(
        """
        SELECT name, role, alternate, valid_from, valid_until
        FROM committee_member
        WHERE valid_from <= $1 AND (valid_until IS NULL OR valid_until >= $1)
        ORDER BY array_position(ARRAY['chair', 'voting', 'advisory', 'rapporteur'], role), lower(unaccent(name)), id
        """,
        day,
    )
    return [_member(row) for row in rows]


def _columns(member: StandingMember) -> tuple[object, ...]:
    return member.name, member.role.value, member.alternate, member.valid_from, member.valid_until


def _member(row: Row) -> StandingMember:
    return StandingMember(**{**dict(row), "role": MemberRole(row["role"])})


async def _check_free(tx: Transaction, member_id: UUID, member: StandingMember) -> None:
    """Hold the list, so that nobody is entered twice at once."""
    await tx.execute("LOCK TABLE committee_member IN SHARE ROW EXCLUSIVE MODE")
    row = await tx.fetchrow(
        """
        SELECT name, valid_from, valid_until
        FROM committee_member
        WHERE lower(name) = lower($2)
            AND id <> $1
            AND daterange(valid_from, valid_until, '[]') && daterange($3::date, $4::date, '[]')
        LIMIT 1
        """,
        member_id,
        member.name,
        member.valid_from,
        member.valid_until,
    )
    if row is not None:
        raise MemberListed(name=row["name"], since=row["valid_from"], until=row["valid_until"])
