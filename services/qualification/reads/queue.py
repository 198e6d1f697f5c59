"""The queue of cases with its filters: late ones first, then the most urgent."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Literal
from uuid import UUID

from services.qualification.domain.case import Question
from services.qualification.domain.local_work import LocalState, LocalWork
from services.qualification.domain.moves import ANSWERED_LOCALLY, Standing, State
from services.qualification.domain.people import Official
from services.qualification.reads.case import AgentView, agent_view
from services.qualification.reads.viewer import Viewer
from shared.contracts.vocabulary import Field, Outcome, RequestKind
from shared.db import Database, Reader, Row, containing
from shared.french.words import state_word
from shared.territory.index import fold
from shared.web.paging import Page

Sort = Literal["urgency", "-urgency", "due_on", "-due_on", "opened_at", "-opened_at", "number", "-number"]

NOBODY: Final = "none"
"""As `assignee`: cases that nobody took."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Which cases the caller wants to see, and in which order; None: everything, in the queue's own order.

    `assignee`: an address, or `none`. `question`: the national team asked something that nobody answered yet.
    """

    states: tuple[State, ...] = ()
    assignee: str | None = None
    overdue: bool | None = None
    q: str | None = None
    departement: str | None = None
    kind: RequestKind | None = None
    field: Field | None = None
    question: bool | None = None
    sort: Sort | None = None


@dataclass(frozen=True, slots=True)
class ApplicantView:
    """Who asks, in a list."""

    kind: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class QueueItemView:
    """One line of the queue.

    `local_work`: where the work of a local answer stands. `question_waits`: the national team waits for an answer,
    until `question_until` if it said so.
    `applicant_wrote_at`: when the last message came, if it is the applicant's.
    """

    request_id: UUID
    number: str
    departement: str
    state: str
    state_label: str
    title: str
    kind: str
    applicant: ApplicantView
    assignee: AgentView | None
    urgency: int | None
    stage: str | None
    due_on: date | None
    answer_until: date | None
    overdue: bool
    question_waits: bool
    question_until: date | None
    applicant_wrote_at: datetime | None
    opened_at: datetime
    state_since: datetime
    local_work: LocalState | None
    allowed_actions: list[str]


@dataclass(frozen=True, slots=True)
class ProposalView:
    """One line of what waits for a validation: the case, what is proposed, and by whom."""

    case: QueueItemView
    outcome: Outcome
    by: str


VERY_MANY: Final = 10_000
"""Cases from which on a count may be a second old: nobody sees the one that is missing, and each list has one."""

_TURN = "coalesce(c.local_turn, c.turn)"
"""Whose turn it is: 1 the département's, 2 somebody else's, 3 nobody's."""
_DUE = "coalesce(c.local_due_on, c.due_on)"
_ASKED = "(c.turn = 1 AND c.state = 'escalated')"
_LATE = "(coalesce(c.local_due_on, c.late_after) < $2)"

_WHERE = f"""
    ($1::text[] IS NULL OR c.departement = ANY($1))
    AND ($3::text[] IS NULL OR c.state = ANY($3))
    AND ($4::text IS NULL OR c.assignee_email = $4 OR ($4 = '{NOBODY}' AND c.assignee_email IS NULL))
    AND ($5::boolean IS NULL OR coalesce({_LATE}, false) = $5)
    AND ($6::text IS NULL OR c.search LIKE {containing("$6")})
    AND ($7::text IS NULL OR c.departement = $7)
    AND ($8::text IS NULL OR c.kind = $8)
    AND ($9::text IS NULL OR c.fields ? $9)
    AND ($10::boolean IS NULL OR {_ASKED} = $10)
"""

_URGENT = f"c.urgency DESC NULLS LAST, {_DUE}, c.opened_at, c.request_id, c.departement"
"""The order among those whose turn it is alike, which the index `case_file_in_local_turn` has."""

_OVERSTAYED = "(coalesce(c.answer_until, c.local_due_on) < $2)"

_TURNS: Final = (
    f"{_TURN} = 1 AND {_LATE}",
    f"{_TURN} = 2 AND {_OVERSTAYED}",
    f"{_TURN} = 1 AND {_LATE} IS NOT TRUE",
    f"{_TURN} = 2 AND {_OVERSTAYED} IS NOT TRUE",
    f"{_TURN} = 3",
)
"""One after the other: the département's and late, those of somebody else who is late, the département's,
somebody else's, nobody's any more."""

_RUNNING: Final[Mapping[State, tuple[int, ...]]] = {
    State.REGISTERED: (0, 2),
    State.UNDER_EXAMINATION: (0, 2),
    State.PROPOSED: (0, 2),
    State.AWAITING_INFORMATION: (1, 3),
    State.ORIENTED_LOCALLY: (1, 3, 4),
    State.SUPPORTED_LOCALLY: (0, 1, 2, 3, 4),
    State.ESCALATED: (0, 2, 3),
}
"""In which of these turns a case of a state may be; the other states are over."""

_ORDERS: Final[dict[Sort | None, str]] = {
    None: f"CASE {' '.join(f'WHEN {turn} THEN {n}' for n, turn in enumerate(_TURNS))} END, {_URGENT}",
    "urgency": f"coalesce({_LATE}, false) DESC, c.urgency DESC NULLS LAST, {_DUE}, c.opened_at",
    "-urgency": f"coalesce({_LATE}, false) DESC, c.urgency NULLS FIRST, {_DUE}, c.opened_at",
    "due_on": f"{_DUE}, c.opened_at",
    "-due_on": f"{_DUE} DESC NULLS LAST, c.opened_at",
    "opened_at": "c.opened_at",
    "-opened_at": "c.opened_at DESC",
    "number": "c.number",
    "-number": "c.number DESC",
}


def _shown(filters: Filters) -> str:
    """Return the statement that finds the cases of a page; $11 is how many, $12 after how many.

    In the queue's own order the cases of each turn are read from an index that has them in order, and those of the
    next only where they do not fill the page: a département has more of what is over each year. What is searched is
    few, found once by another index, counted and sorted.
    """
    columns = "c.request_id, c.departement" + (", count(*) OVER () AS found" if filters.q else "")
    found = f"SELECT {columns} FROM case_file AS c WHERE {_WHERE}"
    if filters.q or filters.sort is not None:
        return f"{found} ORDER BY {_ORDERS[filters.sort]}, c.request_id, c.departement LIMIT $11 OFFSET $12"
    everywhere = range(len(_TURNS))
    turns = sorted({n for state in filters.states for n in _RUNNING.get(state, everywhere[-1:])} or everywhere)
    names, each = [f"turn_{n}" for n in turns], []
    for n, (name, turn) in enumerate(zip(names, (_TURNS[turn] for turn in turns), strict=True)):
        left = " - ".join(["$11::bigint + $12::bigint", *(f"(SELECT count(*) FROM {one})" for one in names[:n])])
        each.append(f"{name} AS MATERIALIZED ({found} AND {turn} ORDER BY {_URGENT} LIMIT {left})")
    one_after_the_other = " UNION ALL ".join(f"SELECT * FROM {name}" for name in names)
    return f"WITH {', '.join(each)} {one_after_the_other} LIMIT $11 OFFSET $12"


async def queue(database: Database, filters: Filters, viewer: Viewer, page: Page) -> tuple[list[QueueItemView], int]:
    """Return one page of the queue and how many cases there are in all; of very many, as of a moment ago."""
    rows = await _rows(database, filters, viewer, page)
    items = [_item(row, viewer.who) for row in rows]
    if filters.q and rows:
        return items, rows[0]["found"]
    return items, await _count(database, filters, viewer)


async def cases(reader: Reader, filters: Filters, viewer: Viewer, page: Page) -> list[QueueItemView]:
    """Return one page of the queue."""
    rows = await _rows(reader, filters, viewer, page)
    return [_item(row, viewer.who) for row in rows]


async def _count(database: Database, filters: Filters, viewer: Viewer) -> int:
    """Count what the filters let through; of very many, as of a moment ago."""

    async def count() -> int:
        total: int = await database.fetchval(
            f"SELECT count(*) FROM case_file AS c WHERE {_WHERE}",
            *_arguments(filters, viewer),
        )
        return total

    key = ("cases", replace(filters, sort=None), repr(viewer.perimeter), viewer.today)
    return await database.cache.get(key, count, worth=lambda total: total > VERY_MANY)


async def _rows(reader: Reader, filters: Filters, viewer: Viewer, page: Page) -> list[Row]:
    """Read one page of the queue, and with what was searched how many were `found` in all.

    Which cases are shown is settled on their narrow columns first: what was filed is unpacked for these alone.
    """
    return await reader.fetch(
        f"""
        WITH shown AS MATERIALIZED (
            {_shown(filters)}
        )
        SELECT shown.*, c.number, c.state, c.assignee_email, c.assignee_name, c.urgency,
               c.stage, {_DUE} AS due_on, c.answer_until, c.opened_at, c.state_since, c.question,
               c.local_work,
               c.request ->> 'title' AS title,
               c.kind,
               c.request #>> '{{applicant,kind}}' AS applicant_kind,
               c.request #>> '{{applicant,code}}' AS applicant_code,
               c.request #>> '{{applicant,name}}' AS applicant_name,
               c.proposal #>> '{{by,email}}' AS proposer,
               c.proposal #>> '{{by,name}}' AS proposer_name,
               c.proposal ->> 'outcome' AS proposed_outcome,
               coalesce({_LATE}, false) AS overdue,
               {_ASKED} AS asked,
               CASE WHEN last.team = 'applicant' THEN last.at END AS applicant_wrote_at
        FROM shown
        JOIN case_file AS c USING (request_id, departement)
        LEFT JOIN LATERAL (
            SELECT m.team, m.at
            FROM case_message AS m
            WHERE m.request_id = c.request_id AND m.departement = c.departement
            ORDER BY m.at DESC
            LIMIT 1
        ) AS last ON true
        ORDER BY {_ORDERS[filters.sort]}, c.request_id, c.departement
        """,
        *_arguments(filters, viewer),
        page.limit,
        page.offset,
    )


async def to_validate(database: Database, viewer: Viewer, page: Page) -> tuple[list[ProposalView], int]:
    """Return one page of what waits for a validation, and how much there is in all."""
    filters = Filters(states=(State.PROPOSED,))
    rows = await _rows(database, filters, viewer, page)
    shown = [
        ProposalView(_item(row, viewer.who), Outcome(row["proposed_outcome"]), row["proposer_name"]) for row in rows
    ]
    return shown, await _count(database, filters, viewer)


async def counts(reader: Reader, viewer: Viewer) -> dict[str, int]:
    """Count the cases by state, and `overdue`, `asked`, `mine` (undecided) and `unassigned` (undecided)."""
    rows = await reader.fetch(
        f"""
        SELECT c.state,
               count(*) AS cases,
               count(*) FILTER (WHERE {_LATE}) AS overdue,
               count(*) FILTER (WHERE {_ASKED}) AS asked,
               count(*) FILTER (WHERE c.assignee_email = $3) AS mine,
               count(*) FILTER (WHERE c.assignee_email IS NULL) AS unassigned
        FROM case_file AS c
        WHERE ($1::text[] IS NULL OR c.departement = ANY($1)) AND {_TURN} < 3
        GROUP BY c.state
        UNION ALL
        SELECT c.state, count(*), 0, 0, 0, 0
        FROM case_file AS c
        WHERE ($1::text[] IS NULL OR c.departement = ANY($1)) AND {_TURN} = 3
        GROUP BY c.state
        """,
        viewer.perimeter,
        viewer.today,
        viewer.who.email,
    )
    undecided = {"registered", "under_examination", "awaiting_information", "proposed"}
    found: dict[str, int] = Counter()
    for row in rows:
        found[row["state"]] += int(row["cases"])
    found["overdue"] = sum(row["overdue"] for row in rows)
    found["asked"] = sum(row["asked"] for row in rows)
    found["mine"] = sum(row["mine"] for row in rows if row["state"] in undecided)
    found["unassigned"] = sum(row["unassigned"] for row in rows if row["state"] in undecided)
    return found


def _arguments(filters: Filters, viewer: Viewer) -> tuple[Any, ...]:
    perimeter, q = viewer.perimeter, None
    if filters.q and filters.q.strip():
        q = fold(filters.q) or "\N{REPLACEMENT CHARACTER}"
    here = filters.departement or _only(perimeter)
    seen = here is not None and (perimeter is None or here in perimeter)
    return (
        None if seen else perimeter,  # said twice, PostgreSQL takes it for a hundredth of a hundredth
        viewer.today,
        [state.value for state in filters.states] or None,
        filters.assignee.lower() if filters.assignee else None,
        filters.overdue,
        q,
        here,
        filters.kind,
        filters.field,
        filters.question,
    )


def _only(perimeter: Sequence[str] | None) -> str | None:
    """Name the département of whoever has one alone, for whom one index then gives cases in their order."""
    return perimeter[0] if perimeter and len(perimeter) == 1 else None


def _item(row: Row, who: Official) -> QueueItemView:
    question = Question.model_validate(row["question"]) if row["asked"] else None
    work = LocalWork.model_validate(row["local_work"]) if row["local_work"] else None
    standing = Standing(
        State(row["state"]),
        row["proposer"],
        asked=row["question"] is not None,
        work=work.state if work else None,
        milestones=len(work.open_milestones) if work else 0,
    )
    return QueueItemView(
        request_id=row["request_id"],
        number=row["number"],
        departement=row["departement"],
        state=row["state"],
        state_label=state_word(row["state"]),
        title=row["title"],
        kind=row["kind"],
        applicant=ApplicantView(row["applicant_kind"], row["applicant_code"], row["applicant_name"]),
        assignee=agent_view(row["assignee_email"], row["assignee_name"]),
        urgency=row["urgency"],
        stage=row["stage"],
        due_on=row["due_on"],
        answer_until=row["answer_until"],
        overdue=row["overdue"],
        question_waits=row["asked"],
        question_until=question.until if question else None,
        applicant_wrote_at=row["applicant_wrote_at"],
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        local_work=work.state if work and State(row["state"]) in ANSWERED_LOCALLY else None,
        allowed_actions=standing.allowed_actions(who),
    )
