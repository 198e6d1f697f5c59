"""Rows of pacts, locked with their parties and actions; agreements, signatures and progress are only added."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.qualification.domain.pact import Diagnosis, Pact
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import Party, PartyKind
from services.qualification.domain.pact_plan import PlannedAction
from services.qualification.domain.pact_refusals import PactAlreadyOpened
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.db import Row, Transaction
from shared.territory.index import fold


async def insert(tx: Transaction, pact: Pact) -> None:
    """Keep a new pact with its parties; one request leads to one pact (`PactAlreadyOpened`)."""
    try:
        async with tx.savepoint():
            await tx.execute(
                """
                INSERT INTO pact (id, departement, title, request_id, state, search, opened_at, state_since)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                """,
                pact.id,
                pact.departement,
                pact.title,
                pact.from_request,
                pact.state,
                fold(" ".join([pact.title, *(party.name for party in pact.parties)])),
                pact.opened_at,
                pact.state_since,
            )
    except asyncpg.UniqueViolationError as violated:
        raise PactAlreadyOpened from violated
    await tx.executemany(
        """
        INSERT INTO pact_party (id, pact_id, place, name, kind, code, email)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        """,
        [
            (party.id, pact.id, place, party.name, party.kind, party.code, party.email)
            for place, party in enumerate(pact.parties)
        ],
    )


async def load_for_agent(tx: Transaction, pact_id: UUID, perimeter: Sequence[str] | None) -> Pact | None:
    """Lock the pact within this perimeter."""
    row = await tx.fetchrow(
        """
        SELECT id, departement, title, request_id, state, version, shared_on, agreed_on, signed_on, reviewed_on,
               opened_at, state_since
        FROM pact
        WHERE id = $1
          AND ($2::text[] IS NULL OR departement = ANY($2))
        FOR UPDATE
        """,
        pact_id,
        perimeter,
    )
    if row is None:
        return None
    return Pact(
        id=row["id"],
        departement=row["departement"],
        title=row["title"],
        parties=await _parties(tx, pact_id, row["version"]),
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        from_request=row["request_id"],
        state=PactState(row["state"]),
        version=row["version"],
        shared_on=row["shared_on"],
        agreed_on=row["agreed_on"],
        signed_on=row["signed_on"],
        reviewed_on=row["reviewed_on"],
        actions=await _actions(tx, pact_id),
    )


async def load_by_link(tx: Transaction, party_id: UUID, generation: int) -> Pact | None:
    """Lock the pact to which a party's link leads; one that another replaced leads nowhere."""
    pact_id = await tx.fetchval(
        """
        SELECT pact_id
        FROM pact_party
        WHERE id = $1
          AND link_generation = $2
          AND invited_at IS NOT NULL
        """,
        party_id,
        generation,
    )
    pact = await load_for_agent(tx, pact_id, None) if pact_id else None
    # Looked at again under the lock: the link may have been replaced while we waited for it.
    return pact if pact and pact.party(party_id).link_generation == generation else None


async def save_link(tx: Transaction, party: Party) -> None:
    """Write where a party was sent its link, and which one is valid."""
    await tx.execute(
        """
        UPDATE pact_party SET
            email = $2,
            link_generation = $3,
            invited_at = $4
        WHERE id = $1
        """,
        party.id,
        party.email,
        party.link_generation,
        party.invited_at,
    )


async def save(tx: Transaction, pact: Pact) -> None:
    """Write where the pact stands."""
    await tx.execute(
        """
        UPDATE pact SET
            state = $2,
            version = $3,
            shared_on = $4,
            agreed_on = $5,
            signed_on = $6,
            reviewed_on = $7,
            state_since = $8
        WHERE id = $1
        """,
        pact.id,
        pact.state,
        pact.version,
        pact.shared_on,
        pact.agreed_on,
        pact.signed_on,
        pact.reviewed_on,
        pact.state_since,
    )


async def add_diagnosis(tx: Transaction, pact: Pact, diagnosis: Diagnosis, *, by: Actor, at: datetime) -> None:
    """Keep the version that is now on the table; earlier ones stay."""
    await tx.execute(
        """
        INSERT INTO pact_diagnosis (pact_id, version, diagnosis, shared_at, shared_by)
        VALUES ($1, $2, $3, $4, $5)
        """,
        pact.id,
        pact.version,
        diagnosis.model_dump(mode="json"),
        at,
        _json(by),
    )


async def add_agreement(tx: Transaction, pact: Pact, party: Party, *, by: Actor, at: datetime) -> None:
    """Keep that a party agreed this version of the diagnosis."""
    await tx.execute(
        """
        INSERT INTO pact_agreement (pact_id, version, party_id, agreed_on, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        pact.id,
        pact.version,
        party.id,
        party.agreed_on,
        at,
        _json(by),
    )


async def add_signature(tx: Transaction, pact: Pact, party: Party, *, by: Actor, at: datetime) -> None:
    """Keep that a party signed."""
    await tx.execute(
        """
        INSERT INTO pact_signature (pact_id, party_id, signed_on, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5)
        """,
        pact.id,
        party.id,
        party.signed_on,
        at,
        _json(by),
    )


async def add_action(tx: Transaction, pact_id: UUID, action: PlannedAction, *, by: Actor, at: datetime) -> None:
    """Keep an action of the plan."""
    await tx.execute(
        """
        INSERT INTO pact_action (id, pact_id, title, owner, partners, budget_cents, due_on, indicator, added_at,
                                 added_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        action.id,
        pact_id,
        action.title,
        action.owner,
        list(action.partners),
        action.budget_cents,
        action.due_on,
        action.indicator,
        at,
        _json(by),
    )


async def remove_action(tx: Transaction, action_id: UUID) -> None:
    """Delete an action on which no progress was reported yet."""
    await tx.execute("DELETE FROM pact_action WHERE id = $1", action_id)


async def add_progress(tx: Transaction, action: PlannedAction, comment: str | None, *, by: Actor, at: datetime) -> None:
    """Insert the progress of an action, and repeat it on the action."""
    await tx.execute(
        """
        WITH reported AS (
            INSERT INTO pact_progress (id, action_id, at, percent, status, comment, told_by)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
        )
        UPDATE pact_action SET percent = $4, status = $5 WHERE id = $2
        """,
        new_id(),
        action.id,
        at,
        action.percent,
        action.status,
        comment,
        _json(by),
    )


async def add_review(tx: Transaction, pact_id: UUID, held_on: date, summary: str, *, by: Actor, at: datetime) -> None:
    """Keep what a yearly review concluded."""
    await tx.execute(
        """
        INSERT INTO pact_review (id, pact_id, held_on, summary, recorded_at, recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        new_id(),
        pact_id,
        held_on,
        summary,
        at,
        _json(by),
    )


async def _parties(tx: Transaction, pact_id: UUID, version: int) -> list[Party]:
    rows = await tx.fetch(
        """
        SELECT p.id, p.name, p.kind, p.code, p.email, p.link_generation, p.invited_at, a.agreed_on, s.signed_on
        FROM pact_party AS p
        LEFT JOIN pact_agreement AS a ON a.pact_id = p.pact_id AND a.party_id = p.id AND a.version = $2
        LEFT JOIN pact_signature AS s ON s.pact_id = p.pact_id AND s.party_id = p.id
        WHERE p.pact_id = $1
        ORDER BY p.place
        """,
        pact_id,
        version,
    )
    return [
        Party(
            id=row["id"],
            name=row["name"],
            kind=PartyKind(row["kind"]) if row["kind"] else None,
            code=row["code"],
            email=row["email"],
            agreed_on=row["agreed_on"],
            signed_on=row["signed_on"],
            link_generation=row["link_generation"],
            invited_at=row["invited_at"],
        )
        for row in rows
    ]


async def _actions(tx: Transaction, pact_id: UUID) -> list[PlannedAction]:
    rows = await tx.fetch(
        """
        SELECT id, title, owner, partners, budget_cents, due_on, indicator, status, percent
        FROM pact_action
        WHERE pact_id = $1
        ORDER BY added_at, id
        """,
        pact_id,
    )
    return [_action(row) for row in rows]


def _action(row: Row) -> PlannedAction:
    return PlannedAction(
        id=row["id"],
        title=row["title"],
        owner=row["owner"],
        due_on=row["due_on"],
        partners=tuple(row["partners"]),
        budget_cents=row["budget_cents"],
        indicator=row["indicator"],
        status=row["status"],
        percent=row["percent"],
    )


def _json(by: Actor) -> Any:
    return by.model_dump(mode="json")
