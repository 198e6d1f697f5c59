"""Read the list of pacts, most recently changed first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.qualification.domain.pact_moves import PactStanding, PactState
from services.qualification.domain.pact_plan import review_due
from services.qualification.reads.pact_views import label_of
from services.qualification.reads.viewer import Viewer
from shared.db import Reader, Row
from shared.territory.index import fold
from shared.web.paging import Page


@dataclass(frozen=True, slots=True)
class PactLineView:
    """A pact in the list; `percent`: the mean over the actions that were not given up."""

    id: UUID
    title: str
    departement: str
    state: str
    state_label: str
    parties: list[str]
    actions: int
    late_actions: int
    percent: int | None
    signed_on: date | None
    review_due_on: date | None
    review_overdue: bool
    request_id: UUID | None
    opened_at: datetime
    state_since: datetime
    allowed_actions: list[str]
    number: int = 1
    ready_at: datetime | None = None
    amending: bool = False


_WHERE = """
    ($1::text[] IS NULL OR p.departement = ANY($1))
    AND ($2::text[] IS NULL OR p.state = ANY($2))
    AND ($3::text IS NULL OR strpos(p.search, $3) > 0)
"""


async def pacts(
    reader: Reader, viewer: Viewer, page: Page, *, states: Sequence[PactState], q: str | None
) -> tuple[list[PactLineView], int]:
    """Return one page of the pacts, those that moved last first, and how many there are in all."""
    words = (fold(q) or "\N{REPLACEMENT CHARACTER}") if q and q.strip() else None
    wanted = (viewer.perimeter, [state.value for state in states] or None, words)
    rows = await reader.fetch(
        f"""
        SELECT p.id, p.departement, p.title, p.state, p.state_since, p.opened_at, p.request_id, p.signed_on,
               p.reviewed_on, p.number, p.ready_at, p.amending, sides.*, plan.*
        FROM pact AS p
        CROSS JOIN LATERAL (
            SELECT array_agg(s.name ORDER BY s.place) AS parties,
                   bool_or(s.kind = 'state' AND w.awaited) AS state_awaited,
                   bool_or(s.kind IS DISTINCT FROM 'state' AND w.awaited) AS others_awaited,
                   count(g.party_id) > 0 AS first_signed
            FROM pact_party AS s
            LEFT JOIN pact_signature AS g ON g.pact_id = s.pact_id AND g.party_id = s.id
            LEFT JOIN pact_agreement AS a ON a.pact_id = s.pact_id AND a.party_id = s.id AND a.version = p.version
            CROSS JOIN LATERAL (
                SELECT CASE
                    WHEN coalesce(p.amending, p.state) = 'diagnosis' THEN a.party_id IS NULL
                    ELSE g.party_id IS NULL
                END AS awaited
            ) AS w
            WHERE s.pact_id = p.id AND s.removed_at IS NULL AND s.left_in IS NULL
        ) AS sides
        CROSS JOIN LATERAL (
            SELECT count(*) AS actions,
                   count(*) FILTER (WHERE x.status NOT IN ('done', 'given_up')) AS open_actions,
                   count(*) FILTER (WHERE x.status NOT IN ('done', 'given_up') AND x.due_on < $4) AS late_actions,
                   round(avg(x.percent) FILTER (WHERE x.status <> 'given_up'))::integer AS percent,
                   coalesce(bool_and(x.owner_id IS NOT NULL AND x.partner_ids IS NOT NULL), TRUE) AS owned
            FROM pact_action AS x
            WHERE x.pact_id = p.id AND x.dropped_in IS NULL
        ) AS plan
        WHERE {_WHERE}
        ORDER BY p.state_since DESC, p.id
        LIMIT $5 OFFSET $6
        """,
        *wanted,
        viewer.today,
        page.limit,
        page.offset,
    )
    total = await reader.fetchval(f"SELECT count(*) FROM pact AS p WHERE {_WHERE}", *wanted)
    return [_line(row, viewer) for row in rows], total


async def pact_of_request(reader: Reader, request_id: UUID, *, perimeter: Sequence[str] | None) -> UUID | None:
    """Return the pact that a request led to, if there is one in this perimeter."""
    row = await reader.fetchrow(
        """
        SELECT id
        FROM pact
        WHERE request_id = $1
          AND ($2::text[] IS NULL OR departement = ANY($2))
        """,
        request_id,
        perimeter,
    )
    return row["id"] if row else None


def _line(row: Row, viewer: Viewer) -> PactLineView:
    due = review_due(row["signed_on"], row["reviewed_on"], over=row["actions"] > 0 and row["open_actions"] == 0)
    standing = PactStanding(
        PactState(row["amending"] or row["state"]),
        in_force=row["state"] == PactState.SIGNED,
        state_awaited=row["state_awaited"],
        others_awaited=row["others_awaited"],
        planned=row["actions"] > 0,
        owned=row["owned"],
        ready=row["ready_at"] is not None or row["first_signed"],
        first_signed=row["first_signed"],
    )
    return PactLineView(
        id=row["id"],
        departement=row["departement"],
        title=row["title"],
        state=row["state"],
        state_label=label_of(row["state"], ready=row["ready_at"] is not None),
        state_since=row["state_since"],
        opened_at=row["opened_at"],
        request_id=row["request_id"],
        signed_on=row["signed_on"],
        parties=list(row["parties"]),
        actions=row["actions"],
        late_actions=row["late_actions"],
        percent=row["percent"],
        review_due_on=due,
        review_overdue=due is not None and due < viewer.today,
        allowed_actions=standing.allowed_actions(viewer.who),
        number=row["number"],
        ready_at=row["ready_at"],
        amending=row["amending"] is not None,
    )
