"""Read models of the committee's standing members."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.committee import MemberRole
from services.escalation.domain.moves import Action, By
from services.escalation.store.members import NoSuchMember
from shared.contracts.fact import Actor
from shared.db import Reader, Row
from shared.web.paging import Page, Paged


class MemberRow(BaseModel):
    """A standing member of the committee; `in_office` today."""

    id: UUID
    name: str
    role: MemberRole
    alternate: str | None
    valid_from: date
    valid_until: date | None
    in_office: bool
    changed_at: datetime
    changed_by: Actor
    allowed_actions: list[str]


_COLUMNS = """
    id, name, role, alternate, valid_from, valid_until, changed_at, changed_by,
    daterange(valid_from, valid_until, '[]') @> $1::date AS in_office
"""
_OFFICE = "($2::date IS NULL OR daterange(valid_from, valid_until, '[]') @> $2)"


async def members(reader: Reader, *, on: date | None, today: date, by: By, page: Page) -> Paged[MemberRow]:
    """Return the members, or those in office on a day: who is in office today first, who presides before others."""
    rows = await reader.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM committee_member
        WHERE {_OFFICE}
        ORDER BY in_office DESC, valid_from > $1 DESC,
            array_position(ARRAY['chair', 'voting', 'advisory', 'rapporteur'], role), lower(unaccent(name)), id
        LIMIT $3 OFFSET $4
        """,
        today,
        on,
        page.limit,
        page.offset,
    )
    total: int = await reader.fetchval(
        f"SELECT count(*) FROM committee_member WHERE {_OFFICE.replace('$2', '$1')}",
        on,
    )
    return Paged(items=[_member(row, by) for row in rows], total=total, page=page.number)


async def member(reader: Reader, member_id: UUID, *, today: date, by: By) -> MemberRow:
    """Return one member; refuses (`NoSuchMember`) when there is none."""
    row = await reader.fetchrow(f"SELECT {_COLUMNS} FROM committee_member WHERE id = $2", today, member_id)
    if row is None:
        raise NoSuchMember
    return _member(row, by)


def _member(row: Row, by: By) -> MemberRow:
    actions = [Action.MEMBERS.value] if by.may(Action.MEMBERS) else []
    return MemberRow.model_validate({**dict(row), "allowed_actions": actions})
