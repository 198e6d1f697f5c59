"""Rows of pacts, locked with their parties, actions and versions; agreements, signatures and reports are only added."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import asyncpg

from services.qualification.domain.pact import Pact, Signatory
from services.qualification.domain.pact_diagnosis import Diagnosis
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import Party, PartyKind
from services.qualification.domain.pact_plan import InCharge, PlannedAction, Share
from services.qualification.domain.pact_record import Act, InForce, Version
from services.qualification.domain.pact_refusals import PactAlreadyOpened
from shared.clock import new_id
from shared.contracts.fact import Actor
from shared.db import Row, Transaction
from shared.territory.index import fold


async def insert(tx: Transaction, pact: Pact) -> None:
    """Store a new pact with its parties; one request leads to one pact (`PactAlreadyOpened`)."""
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
                _search(pact),
                pact.opened_at,
                pact.state_since,
            )
    except asyncpg.UniqueViolationError as violated:
        raise PactAlreadyOpened from violated
    await _save_parties(tx, pact)


async def load_for_agent(tx: Transaction, pact_id: UUID, perimeter: Sequence[str] | None) -> Pact | None:
    """Lock the pact within this perimeter."""
    row = await tx.fetchrow(
        """
        SELECT id, departement, title, request_id, state, version, shared_on, agreed_on, signed_on, reviewed_on,
               opened_at, state_since, number, ready_at, amending, last_act
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
    parties = await _parties(tx, pact_id, row["version"])
    actions = await _actions(tx, pact_id, parties)
    return Pact(
        id=row["id"],
        departement=row["departement"],
        title=row["title"],
        parties=parties,
        opened_at=row["opened_at"],
        state_since=row["state_since"],
        from_request=row["request_id"],
        state=PactState(row["state"]),
        version=row["version"],
        shared_on=row["shared_on"],
        agreed_on=row["agreed_on"],
        signed_on=row["signed_on"],
        reviewed_on=row["reviewed_on"],
        actions=[action for action, dropped in actions if not dropped],
        number=row["number"],
        ready_at=row["ready_at"],
        amending=PactState(row["amending"]) if row["amending"] else None,
        kept=await _kept(tx, pact_id, [action for action, _ in actions]) if row["amending"] else None,
        versions=await _versions(tx, pact_id),
        last=Act.model_validate(row["last_act"]) if row["last_act"] else None,
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
          AND removed_at IS NULL
        """,
        party_id,
        generation,
    )
    pact = await load_for_agent(tx, pact_id, None) if pact_id else None
    # Looked at again under the lock: the party may have been removed, or its link replaced, while we waited for it.
    valid = pact is not None and any((each.id, each.link_generation) == (party_id, generation) for each in pact.parties)
    return pact if valid else None


async def save(tx: Transaction, pact: Pact) -> None:
    """Write where the pact, its parties and its versions stand."""
    await tx.execute(
        """
        UPDATE pact SET
            state = $2,
            version = $3,
            shared_on = $4,
            agreed_on = $5,
            signed_on = $6,
            reviewed_on = $7,
            state_since = $8,
            number = $9,
            ready_at = $10,
            amending = $11,
            last_act = $12,
            search = $13
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
        pact.number,
        pact.ready_at,
        pact.amending,
        pact.last.model_dump(mode="json") if pact.last else None,
        _search(pact),
    )
    await _save_parties(tx, pact)
    await tx.execute(
        "DELETE FROM pact_version WHERE pact_id = $1 AND number <> ALL($2::integer[])",
        pact.id,
        [each.number for each in pact.versions],
    )
    await tx.executemany(
        """
        INSERT INTO pact_version (pact_id, number, state, ready_at, signed_on, ended_at, content)
        VALUES ($1, $2, $3, $4, $5, $6, '{}')
        ON CONFLICT (pact_id, number) DO UPDATE SET
            state = excluded.state,
            signed_on = excluded.signed_on,
            ended_at = excluded.ended_at
        """,
        [(pact.id, each.number, each.state, each.ready_at, each.signed_on, each.ended_at) for each in pact.versions],
    )


async def _save_parties(tx: Transaction, pact: Pact) -> None:
    """Write the parties; a new one is the last. Whoever was removed stays, for what it did."""
    await tx.executemany(
        """
        INSERT INTO pact_party (id, pact_id, place, name, kind, code, email, link_generation, invited_at, joined_in,
                                left_in, removed_at)
        VALUES ($1, $2, (SELECT count(*) FROM pact_party WHERE pact_id = $2), $3, $4, $5, $6, $7, $8, $9, $10, $11)
        ON CONFLICT (id) DO UPDATE SET
            name = excluded.name,
            kind = excluded.kind,
            code = excluded.code,
            email = excluded.email,
            link_generation = excluded.link_generation,
            invited_at = excluded.invited_at,
            left_in = excluded.left_in,
            removed_at = excluded.removed_at
        """,
        [
            (
                party.id,
                pact.id,
                party.name,
                party.kind,
                party.code,
                party.email,
                party.link_generation,
                party.invited_at,
                party.joined_in,
                party.left_in,
                party.removed_at,
            )
            for party in (*pact.parties, *pact.gone)
        ],
    )


async def freeze(tx: Transaction, pact: Pact, content: Mapping[str, Any], document: bytes, sha256: str) -> None:
    """Store what the parties are asked to sign, as it is now."""
    await tx.execute(
        """
        UPDATE pact_version SET
            content = $3,
            document = $4,
            sha256 = $5
        WHERE pact_id = $1 AND number = $2
        """,
        pact.id,
        pact.number,
        content,
        document,
        sha256,
    )


async def keep_content(tx: Transaction, pact_id: UUID, number: int, content: Mapping[str, Any]) -> None:
    """Store what is in force of a version that was signed before versions were frozen."""
    await tx.execute(
        "UPDATE pact_version SET content = $3 WHERE pact_id = $1 AND number = $2 AND content = '{}'",
        pact_id,
        number,
        content,
    )


async def keep_signed(tx: Transaction, pact: Pact, document: bytes, sha256: str) -> None:
    """Store a version with all its signatures."""
    await tx.execute(
        """
        UPDATE pact_version SET
            signed_document = $3,
            signed_sha256 = $4
        WHERE pact_id = $1 AND number = $2
        """,
        pact.id,
        pact.number,
        document,
        sha256,
    )


async def keep_signatures(tx: Transaction, pact_id: UUID, number: int) -> None:
    """Copy the signatures that a version has into it."""
    await tx.execute(
        """
        UPDATE pact_version SET
            signatures = (
                SELECT coalesce(
                    jsonb_agg(
                        to_jsonb(s) - 'pact_id' || jsonb_build_object('party', p.name) ORDER BY p.place
                    ),
                    '[]'
                )
                FROM pact_signature AS s
                JOIN pact_party AS p ON p.id = s.party_id
                WHERE s.pact_id = $1
            )
        WHERE pact_id = $1 AND number = $2 AND signatures = '[]'
        """,
        pact_id,
        number,
    )


async def clear_signatures(tx: Transaction, pact_id: UUID) -> None:
    """Begin a version that nobody signed; the signatures of the one before are kept with it."""
    await tx.execute("DELETE FROM pact_signature WHERE pact_id = $1", pact_id)


async def ask_to_sign(tx: Transaction, pact: Pact, at: datetime) -> None:
    """Note that the parties are asked to sign, from which day on they are reminded."""
    await tx.execute("UPDATE pact_party SET reminded_at = $2, reminders = 0 WHERE pact_id = $1", pact.id, at)


async def load_to_remind(tx: Transaction, before: datetime, *, most: int, limit: int) -> list[tuple[Pact, Party]]:
    """Lock pacts with a party that was asked to sign before a moment, or reminded, and less than so many times."""
    rows = await tx.fetch(
        """
        SELECT pact.id AS pact_id, p.id AS party_id
        FROM pact
        JOIN pact_party AS p ON p.pact_id = pact.id
        WHERE pact.ready_at IS NOT NULL
          AND (pact.state = 'planning' OR pact.amending = 'planning')
          AND p.kind IS DISTINCT FROM 'state'
          AND p.email IS NOT NULL
          AND p.left_in IS NULL
          AND p.reminded_at < $1
          AND p.reminders < $2
          AND NOT EXISTS (SELECT FROM pact_signature AS s WHERE s.pact_id = pact.id AND s.party_id = p.id)
        ORDER BY p.reminded_at
        LIMIT $3
        FOR UPDATE OF pact, p SKIP LOCKED
        """,
        before,
        most,
        limit,
    )
    found = []
    for row in rows:
        pact = await load_for_agent(tx, row["pact_id"], None)
        if pact is not None:
            found.append((pact, pact.party(row["party_id"])))
    return found


async def note_reminder(tx: Transaction, party: Party, at: datetime) -> None:
    """Record that a party was reminded to sign."""
    await tx.execute("UPDATE pact_party SET reminded_at = $2, reminders = reminders + 1 WHERE id = $1", party.id, at)


async def add_diagnosis(tx: Transaction, pact: Pact, diagnosis: Diagnosis, *, by: Actor, at: datetime) -> None:
    """Store the version that is now on the table; earlier ones stay."""
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
    """Record that a party agreed this version of the diagnosis."""
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


async def add_signature(
    tx: Transaction, pact: Pact, party: Party, signatory: Signatory, *, by: Actor, at: datetime
) -> None:
    """Record that a party signed, by whom, and which document."""
    await tx.execute(
        """
        INSERT INTO pact_signature (pact_id, party_id, signed_on, name, function, authority, sha256, recorded_at,
                                    recorded_by)
        VALUES ($1, $2, $3, $4, $5, $6, (SELECT sha256 FROM pact_version WHERE pact_id = $1 AND number = $7), $8, $9)
        """,
        pact.id,
        party.id,
        party.signed_on,
        signatory.name or by.name,
        signatory.function,
        signatory.authority,
        pact.number,
        at,
        _json(by),
    )


async def save_action(tx: Transaction, pact_id: UUID, action: PlannedAction, *, by: Actor, at: datetime) -> None:
    """Store an action of the plan as it is now."""
    await tx.execute(
        """
        INSERT INTO pact_action (id, pact_id, title, owner, owner_id, partners, partner_ids, budget_cents, shares,
                                 due_on, indicator, changed_at, added_at, added_by)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
        ON CONFLICT (id) DO UPDATE SET
            title = excluded.title,
            owner = excluded.owner,
            owner_id = excluded.owner_id,
            partners = excluded.partners,
            partner_ids = excluded.partner_ids,
            budget_cents = excluded.budget_cents,
            shares = excluded.shares,
            due_on = excluded.due_on,
            indicator = excluded.indicator,
            changed_at = excluded.changed_at
        """,
        action.id,
        pact_id,
        action.title,
        action.owner.name,
        action.owner.party_id,
        [each.name for each in action.partners],
        [each.party_id for each in action.partners],
        action.budget_cents,
        [
            {"party_id": _text(share.payer.party_id), "payer": share.payer.name, "amount_cents": share.amount_cents}
            for share in action.shares
        ],
        action.due_on,
        action.indicator,
        action.changed_at,
        at,
        _json(by),
    )


async def remove_action(tx: Transaction, pact: Pact, action_id: UUID) -> None:
    """Take an action out of the plan; one of the plan in force stays, with its progress, for that plan."""
    if pact.kept:
        await tx.execute("UPDATE pact_action SET dropped_in = $2 WHERE id = $1", action_id, pact.number)
    else:
        await tx.execute("DELETE FROM pact_action WHERE id = $1", action_id)


async def restore_plan(tx: Transaction, pact: Pact, dropped: int, *, by: Actor, at: datetime) -> None:
    """Write the plan as it is in force again, after the version `dropped` was given up."""
    await tx.execute(
        """
        UPDATE pact_action SET
            dropped_in = CASE WHEN id = ANY($2) THEN NULL ELSE $3 END
        WHERE pact_id = $1 AND (dropped_in IS NULL OR dropped_in = $3)
        """,
        pact.id,
        [action.id for action in pact.actions],
        dropped,
    )
    for action in pact.actions:
        await save_action(tx, pact.id, action, by=by, at=at)


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
    """Store what a yearly review concluded."""
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


def _search(pact: Pact) -> str:
    """Return the words by which the list of pacts finds one."""
    return fold(" ".join([pact.title, *(party.name for party in pact.parties)]))


async def _parties(tx: Transaction, pact_id: UUID, version: int) -> list[Party]:
    rows = await tx.fetch(
        """
        SELECT p.id, p.name, p.kind, p.code, p.email, p.link_generation, p.invited_at, p.joined_in, p.left_in,
               a.agreed_on, s.signed_on
        FROM pact_party AS p
        LEFT JOIN pact_agreement AS a ON a.pact_id = p.pact_id AND a.party_id = p.id AND a.version = $2
        LEFT JOIN pact_signature AS s ON s.pact_id = p.pact_id AND s.party_id = p.id
        WHERE p.pact_id = $1
          AND p.removed_at IS NULL
        ORDER BY p.place
        """,
        pact_id,
        version,
    )
    return [Party(**{**dict(row), "kind": PartyKind(row["kind"]) if row["kind"] else None}) for row in rows]


async def _actions(tx: Transaction, pact_id: UUID, parties: Sequence[Party]) -> list[tuple[PlannedAction, bool]]:
    """Return all actions, each with whether it left the plan that is worked at."""
    rows = await tx.fetch(
        """
        SELECT id, title, owner, owner_id, partners, partner_ids, budget_cents, shares, due_on, indicator, status,
               percent, changed_at, dropped_in
        FROM pact_action
        WHERE pact_id = $1
        ORDER BY added_at, id
        """,
        pact_id,
    )
    names = {party.id: party.name for party in parties}
    return [(_action(row, names), row["dropped_in"] is not None) for row in rows]


def _action(row: Row, names: Mapping[UUID, str]) -> PlannedAction:
    return PlannedAction(
        id=row["id"],
        title=row["title"],
        owner=InCharge(row["owner_id"], names.get(row["owner_id"], row["owner"])),
        due_on=row["due_on"],
        partners=_partners(row, names),
        budget_cents=row["budget_cents"],
        shares=tuple(_share(share, names) for share in row["shares"]),
        indicator=row["indicator"],
        status=row["status"],
        percent=row["percent"],
        changed_at=row["changed_at"],
    )


def _partners(row: Row, names: Mapping[UUID, str]) -> tuple[InCharge, ...]:
    if row["partner_ids"] is None:
        return tuple(InCharge(None, name) for name in row["partners"])
    written = dict(zip(row["partner_ids"], row["partners"], strict=False))
    return tuple(InCharge(each, names.get(each, written.get(each, ""))) for each in row["partner_ids"])


def _share(kept: Mapping[str, Any], names: Mapping[UUID, str]) -> Share:
    party_id = UUID(kept["party_id"]) if kept["party_id"] else None
    name = names.get(party_id, kept["payer"]) if party_id else kept["payer"]
    return Share(InCharge(party_id, name), kept["amount_cents"])


async def _kept(tx: Transaction, pact_id: UUID, actions: Sequence[PlannedAction]) -> InForce:
    """Return what is in force while an amendment is prepared, with the progress that was reported since."""
    content = await tx.fetchval("SELECT content FROM pact_version WHERE pact_id = $1 AND state = 'in_force'", pact_id)
    now = {action.id: action for action in actions}
    diagnosis = content.get("diagnosis") or {}
    return InForce(
        diagnosis=diagnosis.get("version", 0),
        agreed_on=date.fromisoformat(content["agreed_on"]) if content.get("agreed_on") else None,
        actions=[_frozen(action, now) for action in content.get("actions", ())],
    )


def _frozen(kept: Mapping[str, Any], now: Mapping[UUID, PlannedAction]) -> PlannedAction:
    action = now[UUID(kept["id"])]
    owner_id, partner_ids = kept["owner_id"], kept["partner_ids"] or [None] * len(kept["partners"])
    return PlannedAction(
        id=action.id,
        title=kept["title"],
        owner=InCharge(UUID(owner_id) if owner_id else None, kept["owner"]),
        due_on=date.fromisoformat(kept["due_on"]),
        partners=tuple(
            InCharge(UUID(party_id) if party_id else None, name)
            for party_id, name in zip(partner_ids, kept["partners"], strict=True)
        ),
        budget_cents=kept["budget_cents"],
        shares=tuple(_share({**share, "party_id": share["payer_id"]}, {}) for share in kept["shares"]),
        indicator=kept["indicator"],
        status=action.status,
        percent=action.percent,
        changed_at=action.changed_at,
    )


async def _versions(tx: Transaction, pact_id: UUID) -> list[Version]:
    rows = await tx.fetch(
        """
        SELECT number, state, ready_at, signed_on, ended_at
        FROM pact_version
        WHERE pact_id = $1
        ORDER BY number
        """,
        pact_id,
    )
    return [Version(**dict(row)) for row in rows]


def _text(party_id: UUID | None) -> str | None:
    return str(party_id) if party_id else None


def _json(by: Actor) -> Any:
    return by.model_dump(mode="json")
