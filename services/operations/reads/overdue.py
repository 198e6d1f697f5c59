"""Count overdue deadlines of cases, waiting and failed mails, and suspended webhooks."""

from collections.abc import Mapping
from typing import Final

from pydantic import BaseModel

from shared.db import Reader


class Deadlines(BaseModel):
    """Dates that passed without what was due: of stages, and of milestones."""

    overdue: int


class Deliveries(BaseModel):
    """Mails that wait, the first that should leave at once for `seconds`; and those of the week that need a look."""

    queued: int
    seconds: float
    failed: int
    uncertain: int
    refused_lately: int = 0
    """Of the last hour, those that a mail server refused."""


class SuspendedWebhooks(BaseModel):
    """Partners' subscriptions that were suspended after failures, the first of them for `seconds`."""

    count: int
    seconds: float


_OVERDUE: Final[Mapping[str, str]] = {
    "qualification": """
        SELECT count(*)
        FROM case_file
        WHERE overdue_at IS NOT NULL
          AND stage IS NOT NULL
          AND ($1::text[] IS NULL OR departement = ANY($1))
    """,
    "escalation": """
        SELECT (SELECT count(*)
                FROM escalation
                WHERE overdue_told
                  AND stage IS NOT NULL
                  AND ($1::text[] IS NULL OR departement = ANY($1)))
             + (SELECT count(*)
                FROM milestone m
                JOIN escalation e USING (request_id)
                WHERE m.overdue_told
                  AND m.reached_on IS NULL
                  AND ($1::text[] IS NULL OR e.departement = ANY($1)))
    """,
}
"""What each service keeps dates in; the service itself marked each of these as passed."""

LATELY_DAYS: Final = 7
"""Days for which a mail that failed is worth a look; all of them stay on record."""

SENDS_MAILS: Final = "notifications"


async def deadlines(reader: Reader, service: str, perimeter: list[str] | None = None) -> Deadlines | None:
    """Count the dates that passed in a service; None of one that keeps none."""
    query = _OVERDUE.get(service)
    return None if query is None else Deadlines(overdue=await reader.fetchval(query, perimeter))


async def deliveries(reader: Reader, service: str, perimeter: list[str] | None = None) -> Deliveries | None:
    """Count the mails that wait or failed; None of a service that sends none."""
    if service != SENDS_MAILS:
        return None
    row = await reader.fetchrow(
        """
        WITH waiting AS (
            SELECT cadence, next_attempt_at, tried_since
            FROM delivery
            WHERE status = 'queued'
              AND ($1::text[] IS NULL OR departement = ANY($1))
        ), latest AS (
            SELECT status, recipient, created_at
            FROM delivery
            WHERE created_at > now() - make_interval(days => $2)
              AND status IN ('failed', 'uncertain')
              AND ($1::text[] IS NULL OR departement = ANY($1))
        )
        SELECT (SELECT count(*) FROM waiting) AS queued,
               (SELECT coalesce(extract(epoch FROM now() - min(tried_since)), 0)::float
                FROM waiting
                WHERE cadence = 'instant' AND tried_since < now()) AS seconds,
               (SELECT count(*) FROM latest WHERE status = 'failed') AS failed,
               (SELECT count(*) FROM latest WHERE status = 'uncertain') AS uncertain,
               (SELECT count(*) FROM latest
                WHERE status = 'failed' AND recipient <> ''
                  AND created_at > now() - interval '1 hour') AS refused_lately
        """,
        perimeter,
        LATELY_DAYS,
    )
    return Deliveries(**row) if row else None


async def suspended_webhooks(
    reader: Reader, service: str, perimeter: list[str] | None = None
) -> SuspendedWebhooks | None:
    """Count the subscriptions that were suspended after failures; None of a service that has none."""
    if service != SENDS_MAILS:
        return None
    row = await reader.fetchrow(
        """
        SELECT count(*) AS count, coalesce(extract(epoch FROM now() - min(gave_up_at)), 0)::float AS seconds
        FROM webhook
        WHERE gave_up_at IS NOT NULL
          AND ($1::text[] IS NULL OR (departements <> '{}' AND departements <@ $1))
        """,
        perimeter,
    )
    return SuspendedWebhooks(**row) if row else None
