"""SQL about agents and their tokens: one function, one statement."""

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from shared import clock
from shared.db import Reader, Row, Transaction
from shared.errors import Invalid, NotFound
from shared.identity.model import Agent, Role, roles_of

TOKEN_BYTES = 32
LONGEST_QUALITY = 300
"""Characters of the quality in which an agent signs."""
TOUCH_EVERY = timedelta(minutes=1)
"""Precision of `last_used_at`: one write a minute, not one a request."""


class NoSuchAgent(NotFound):
    """No agent has this address."""

    code = "no_such_agent"
    title = "No agent has this address"
    sentence = "Aucun agent n’a cette adresse dans ce service."


@dataclass(frozen=True, slots=True)
class Token:
    """What is known of an issued token, which is never the token itself."""

    id: UUID
    agent_id: UUID
    name: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """A person as the sign-in provider describes them; `email` only when it is verified."""

    issuer: str
    subject: str
    email: str | None


def digest(secret: str) -> bytes:
    """Return what is stored of a token or of a session's cookie."""
    return hashlib.sha256(secret.encode()).digest()


async def add_agent(
    tx: Transaction,
    *,
    email: str,
    name: str,
    roles: Iterable[Role],
    departements: Iterable[str] = (),
    programmes: Iterable[str] = (),
    quality: str | None = None,
    at: datetime,
) -> Agent:
    """Create an agent, or make the one who has this address exactly what is given; brings a removed one back."""
    quality = " ".join((quality or "").split()) or None
    if quality is not None and len(quality) > LONGEST_QUALITY:
        raise Invalid.field("quality", f"Donnez une qualité de {LONGEST_QUALITY} caractères au plus.")
    try:
        async with tx.savepoint():
            row = await tx.fetchrow(
                """
                INSERT INTO agent (id, email, name, roles, departements, programmes, quality, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
                ON CONFLICT (email) DO UPDATE
                SET name = excluded.name,
                    roles = excluded.roles,
                    departements = excluded.departements,
                    programmes = excluded.programmes,
                    quality = excluded.quality,
                    removed_at = NULL
                RETURNING id, email, name, roles, departements, programmes, quality
                """,
                clock.new_id(),
                email.strip().lower(),
                name.strip(),
                sorted(set(roles)),
                sorted(set(departements)),
                sorted(set(programmes)),
                quality,
                at,
            )
    except asyncpg.CheckViolationError as violation:
        raise Invalid.field(*_BROKEN.get(violation.constraint_name or "", _OTHERWISE)) from violation
    if row is None:
        raise NoSuchAgent
    return agent_of(row)


_OTHERWISE = ("roles", "Donnez au moins un rôle parmi ceux du service.")
_BROKEN = {
    "agent_departement_for_departemental_roles": (
        "departements",
        "Un agent du SAT ou un délégué a besoin d’au moins un département.",
    ),
    "agent_programme_for_programme_roles": (
        "programmes",
        "Un agent de programme a besoin d’au moins un programme.",
    ),
    "agent_email_check": ("email", "Donnez une adresse électronique complète, comme nom@exemple.fr."),
    "agent_name_check": ("name", "Donnez le nom de l’agent."),
}


async def remove_agent(tx: Transaction, *, email: str, at: datetime) -> None:
    """Remove an agent: revokes tokens and ends sessions; the name stays for the history."""
    removed = await tx.fetchval(
        """
        WITH gone AS (
            UPDATE agent
            SET removed_at = $2, issuer = NULL, subject = NULL
            WHERE email = $1 AND removed_at IS NULL
            RETURNING id
        ), tokens AS (
            UPDATE agent_token
            SET revoked_at = $2
            FROM gone
            WHERE agent_token.agent_id = gone.id AND revoked_at IS NULL
        ), sessions AS (
            DELETE FROM web_session
            USING gone
            WHERE web_session.agent_id = gone.id
        )
        SELECT id FROM gone
        """,
        email.strip().lower(),
        at,
    )
    if removed is None:
        raise NoSuchAgent


async def list_agents(reader: Reader) -> list[Agent]:
    """Return the agents of this service, by address."""
    rows = await reader.fetch(
        """
        SELECT id, email, name, roles, departements, programmes, quality
        FROM agent
        WHERE removed_at IS NULL
        ORDER BY email
        """
    )
    return [agent_of(row) for row in rows]


async def agent_by_email(reader: Reader, email: str) -> Agent:
    """Return the agent who has this address; refuses (`NoSuchAgent`) when there is none."""
    row = await reader.fetchrow(
        """
        SELECT id, email, name, roles, departements, programmes, quality
        FROM agent
        WHERE email = $1 AND removed_at IS NULL
        """,
        email.strip().lower(),
    )
    if row is None:
        raise NoSuchAgent
    return agent_of(row)


async def agent_by_subject(reader: Reader, *, issuer: str, subject: str) -> Agent | None:
    """Return the agent whom the provider knows by this `sub`."""
    row = await reader.fetchrow(
        """
        SELECT id, email, name, roles, departements, programmes, quality
        FROM agent
        WHERE issuer = $1 AND subject = $2 AND removed_at IS NULL
        """,
        issuer,
        subject,
    )
    return agent_of(row) if row else None


async def link_subject(tx: Transaction, *, issuer: str, subject: str, email: str) -> Agent | None:
    """Bind the agent who has this verified address to the provider's `sub`, once: a bound agent is not bound again."""
    row = await tx.fetchrow(
        """
        UPDATE agent
        SET issuer = $1, subject = $2
        WHERE email = $3 AND subject IS NULL AND removed_at IS NULL
        RETURNING id, email, name, roles, departements, programmes, quality
        """,
        issuer,
        subject,
        email.strip().lower(),
    )
    return agent_of(row) if row else None


async def recognise(tx: Transaction, person: Person) -> Agent | None:
    """Return the agent of a signed-in person: by `sub`, or by address the first time; None if there is none."""
    agent = await agent_by_subject(tx, issuer=person.issuer, subject=person.subject)
    if agent is None and person.email:
        linked = await link_subject(tx, issuer=person.issuer, subject=person.subject, email=person.email)
        # Another tab may have been bound meanwhile: the first answer is asked again.
        agent = linked or await agent_by_subject(tx, issuer=person.issuer, subject=person.subject)
    return agent


async def issue_token(
    tx: Transaction, *, agent_id: UUID, name: str, at: datetime, expires_at: datetime | None = None
) -> str:
    """Make a token that acts as the agent and return it, once: only its digest is stored."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    await tx.execute(
        """
        INSERT INTO agent_token (id, agent_id, digest, name, created_at, expires_at)
        VALUES ($1, $2, $3, $4, $5, $6)
        """,
        clock.new_id(),
        agent_id,
        digest(token),
        name,
        at,
        expires_at,
    )
    return token


async def agent_by_token(reader: Reader, token: str, *, at: datetime) -> Agent | None:
    """Return the agent that a token acts as, unless it is unknown, revoked or expired; notes that it was used."""
    row = await reader.fetchrow(
        """
        WITH known AS (
            SELECT agent_token.id AS token_id, agent_token.last_used_at,
                agent.id, agent.email, agent.name, agent.roles, agent.departements, agent.programmes, agent.quality
            FROM agent_token
            JOIN agent ON agent.id = agent_token.agent_id
            WHERE agent_token.digest = $1
                AND agent_token.revoked_at IS NULL
                AND (agent_token.expires_at IS NULL OR agent_token.expires_at > $2)
                AND agent.removed_at IS NULL
        ), touched AS (
            UPDATE agent_token
            SET last_used_at = $2
            FROM known
            WHERE agent_token.id = known.token_id
                AND (known.last_used_at IS NULL OR known.last_used_at <= $2 - $3::interval)
        )
        SELECT id, email, name, roles, departements, programmes, quality
        FROM known
        """,
        digest(token),
        at,
        TOUCH_EVERY,
    )
    return agent_of(row) if row else None


async def list_tokens(reader: Reader, *, agent_id: UUID) -> list[Token]:
    """Return an agent's tokens, newest first, revoked ones included."""
    rows = await reader.fetch(
        """
        SELECT id, agent_id, name, created_at, expires_at, revoked_at, last_used_at
        FROM agent_token
        WHERE agent_id = $1
        ORDER BY created_at DESC, id DESC
        """,
        agent_id,
    )
    return [Token(**dict(row)) for row in rows]


async def revoke_tokens(tx: Transaction, *, agent_id: UUID, at: datetime, token_id: UUID | None = None) -> int:
    """Revoke an agent's tokens, or one of them; returns how many."""
    rows = await tx.fetch(
        """
        UPDATE agent_token
        SET revoked_at = $2
        WHERE agent_id = $1 AND revoked_at IS NULL AND ($3::uuid IS NULL OR id = $3)
        RETURNING id
        """,
        agent_id,
        at,
        token_id,
    )
    return len(rows)


def agent_of(row: Row) -> Agent:
    """Read an agent from its columns: id, email, name, roles, departements, programmes, quality."""
    return Agent(
        id=row["id"],
        email=row["email"],
        name=row["name"],
        roles=roles_of(row["roles"]),
        departements=frozenset(row["departements"]),
        programmes=frozenset(row["programmes"]),
        quality=row["quality"],
    )
