"""One pact, with all that was agreed, signed and done since."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from services.qualification.domain.pact import Diagnosis
from services.qualification.domain.pact_moves import PactStanding, PactState
from services.qualification.domain.pact_plan import OVER, is_late, review_due
from services.qualification.domain.people import Official, PartyLink
from services.qualification.domain.refusals import LinkOver
from services.qualification.reads.pact_views import (
    ActionView,
    PactView,
    PartyView,
    ReviewView,
    Said,
    ToldView,
    VersionView,
)
from shared.contracts.fact import Actor
from shared.db import Reader, Row
from shared.errors import NotFound

_COLUMNS: Final = """
    p.id, p.departement, p.title, p.state, p.state_since, p.opened_at, p.request_id, p.version, p.agreed_on,
    p.signed_on, p.reviewed_on, c.number
"""


async def find(
    reader: Reader, pact_id: UUID, *, perimeter: Sequence[str] | None, who: Official, today: date
) -> PactView:
    """Give one pact of this perimeter; `NotFound` otherwise."""
    row = await reader.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM pact AS p
        LEFT JOIN case_file AS c ON c.request_id = p.request_id AND c.departement = p.departement
        WHERE p.id = $1
          AND ($2::text[] IS NULL OR p.departement = ANY($2))
        """,
        pact_id,
        perimeter,
    )
    if row is None:
        raise NotFound
    view = await _view(reader, row, today)
    return replace(view, allowed_actions=tuple(standing_of(view).allowed_actions(who)))


async def find_by_link(
    reader: Reader, link: PartyLink, *, today_in: Callable[[str], date], asks: Callable[[str], str]
) -> tuple[PactView, PartyView]:
    """Give the pact to which a party's link leads, and that party; refuses (`LinkOver`) a link that was replaced.

    `today_in` tells which day it is in a département, `asks` whom to ask there.
    """
    row = await reader.fetchrow(
        f"""
        SELECT {_COLUMNS}
        FROM pact AS p
        JOIN pact_party AS s ON s.pact_id = p.id
        LEFT JOIN case_file AS c ON c.request_id = p.request_id AND c.departement = p.departement
        WHERE s.id = $1
          AND s.link_generation = $2
          AND s.invited_at IS NOT NULL
        """,
        link.party_id,
        link.generation,
    )
    if row is None:
        departement = await reader.fetchval(
            "SELECT departement FROM pact JOIN pact_party ON pact_id = pact.id WHERE pact_party.id = $1", link.party_id
        )
        raise LinkOver(service=asks(departement)) if departement else NotFound
    view = await _view(reader, row, today_in(row["departement"]))
    party = next(each for each in view.parties if each.id == link.party_id)
    allowed = standing_of(view).open_to_party(
        awaited=party in view.awaited, answers_for_actions=any(action.is_of(party) for action in view.actions)
    )
    return replace(view, allowed_actions=tuple(allowed)), party


def standing_of(view: PactView) -> PactStanding:
    """Tell where a pact is, as the moves see it."""
    return PactStanding(
        PactState(view.state),
        state_awaited=any(each.is_state for each in view.awaited),
        others_awaited=any(not each.is_state for each in view.awaited),
        planned=bool(view.actions),
        first_signed=any(each.signature for each in view.parties),
    )


async def _view(reader: Reader, row: Row, today: date) -> PactView:
    pact_id = row["id"]
    parties = await _parties(reader, pact_id, row["version"])
    actions = await _actions(reader, pact_id, today)
    due = review_due(
        row["signed_on"], row["reviewed_on"], over=bool(actions) and all(each.status in OVER for each in actions)
    )
    return PactView(
        id=row["id"],
        departement=row["departement"],
        title=row["title"],
        state=row["state"],
        state_since=row["state_since"],
        opened_at=row["opened_at"],
        request_id=row["request_id"],
        request_number=row["number"],
        agreed_on=row["agreed_on"],
        signed_on=row["signed_on"],
        parties=parties,
        versions=await _versions(reader, pact_id),
        actions=actions,
        reviews=await _reviews(reader, pact_id),
        review_due_on=due,
        review_overdue=due is not None and due < today,
        allowed_actions=(),
    )


async def _parties(reader: Reader, pact_id: UUID, version: int) -> tuple[PartyView, ...]:
    rows = await reader.fetch(
        """
        SELECT p.id, p.name, p.kind, p.code, p.email, p.invited_at,
               a.agreed_on, a.recorded_at AS agreement_at, a.recorded_by AS agreement_by,
               s.signed_on, s.recorded_at AS signature_at, s.recorded_by AS signature_by
        FROM pact_party AS p
        LEFT JOIN pact_agreement AS a ON a.pact_id = p.pact_id AND a.party_id = p.id AND a.version = $2
        LEFT JOIN pact_signature AS s ON s.pact_id = p.pact_id AND s.party_id = p.id
        WHERE p.pact_id = $1
        ORDER BY p.place
        """,
        pact_id,
        version,
    )
    return tuple(
        PartyView(
            id=row["id"],
            name=row["name"],
            kind=row["kind"],
            code=row["code"],
            email=row["email"],
            invited_at=row["invited_at"],
            agreement=_said(row["agreed_on"], row["agreement_at"], row["agreement_by"]),
            signature=_said(row["signed_on"], row["signature_at"], row["signature_by"]),
        )
        for row in rows
    )


async def _versions(reader: Reader, pact_id: UUID) -> tuple[VersionView, ...]:
    rows = await reader.fetch(
        """
        SELECT d.version, d.diagnosis, d.shared_at, d.shared_by,
               array(
                   SELECT p.name
                   FROM pact_agreement AS a
                   JOIN pact_party AS p ON p.id = a.party_id
                   WHERE a.pact_id = d.pact_id AND a.version = d.version
                   ORDER BY p.place
               ) AS agreed_by
        FROM pact_diagnosis AS d
        WHERE d.pact_id = $1
        ORDER BY d.version DESC
        """,
        pact_id,
    )
    return tuple(
        VersionView(
            version=row["version"],
            diagnosis=Diagnosis.model_validate(row["diagnosis"]),
            shared_at=row["shared_at"],
            by=Actor.model_validate(row["shared_by"]),
            agreed_by=tuple(row["agreed_by"]),
        )
        for row in rows
    )


async def _actions(reader: Reader, pact_id: UUID, today: date) -> tuple[ActionView, ...]:
    rows = await reader.fetch(
        """
        SELECT id, title, owner, partners, budget_cents, due_on, indicator, status, percent
        FROM pact_action
        WHERE pact_id = $1
        ORDER BY added_at, id
        """,
        pact_id,
    )
    told = await reader.fetch(
        """
        SELECT t.action_id, t.at, t.percent, t.status, t.comment, t.told_by
        FROM pact_progress AS t
        JOIN pact_action AS a ON a.id = t.action_id
        WHERE a.pact_id = $1
        ORDER BY t.at DESC, t.id DESC
        """,
        pact_id,
    )
    of: dict[UUID, list[ToldView]] = {}
    for row in told:
        of.setdefault(row["action_id"], []).append(
            ToldView(row["at"], row["percent"], row["status"], row["comment"], Actor.model_validate(row["told_by"]))
        )
    return tuple(
        ActionView(
            id=row["id"],
            title=row["title"],
            owner=row["owner"],
            partners=tuple(row["partners"]),
            budget_cents=row["budget_cents"],
            due_on=row["due_on"],
            indicator=row["indicator"],
            status=row["status"],
            percent=row["percent"],
            late=is_late(row["due_on"], row["status"], today),
            told=tuple(of.get(row["id"], ())),
        )
        for row in rows
    )


async def _reviews(reader: Reader, pact_id: UUID) -> tuple[ReviewView, ...]:
    rows = await reader.fetch(
        """
        SELECT held_on, summary, recorded_by
        FROM pact_review
        WHERE pact_id = $1
        ORDER BY held_on DESC, recorded_at DESC
        """,
        pact_id,
    )
    return tuple(ReviewView(row["held_on"], row["summary"], Actor.model_validate(row["recorded_by"])) for row in rows)


def _said(on: date | None, at: datetime | None, by: Any) -> Said | None:
    return Said(on, at, Actor.model_validate(by)) if on and at else None
