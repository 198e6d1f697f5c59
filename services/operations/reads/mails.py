"""Undelivered mails with the mail server's answer: list, show."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import Connections, Watched
from services.operations.reads.overdue import LATELY_DAYS, SENDS_MAILS
from shared.db import Reader, Row
from shared.errors import NotFound

SLOW: Final = 60
"""Seconds after which a mail that should leave at once is worth a line, tried or not."""


class NoSuchMail(NotFound):
    """No mail has this number, or it lies outside one's départements."""

    code = "no_such_delivery"
    title = "No such delivery"
    sentence = "Ce courriel n’existe pas, ou n’est pas dans votre périmètre."


class Mail(BaseModel):
    """One mail: to whom about what, where it stands, and the last words of the mail server. Never its content."""

    id: UUID
    request_id: UUID | None
    number: str | None
    departement: str | None
    audience: str
    event_type: str
    recipient: str
    status: str
    reason: str | None
    attempts: int
    tried_since: datetime
    next_attempt_at: datetime | None

    @property
    def given_up(self) -> bool:
        """Whether it is not tried again by itself."""
        return self.status in {"failed", "uncertain"}

    @property
    def may_resend(self) -> bool:
        """Whether sending it again changes anything: not while it leaves for the first time, or once it left."""
        return self.given_up or (self.status == "queued" and self.attempts > 0)


class Answer(BaseModel):
    """The words of a mail server, and for how many mails."""

    words: str
    mails: int


_COLUMNS = """id, request_id, number, departement, audience, event_type, recipient, status, reason, attempts,
              tried_since, next_attempt_at"""

SEEN = "($1::text[] IS NULL OR departement = ANY($1))"


async def list_mails(
    reader: Reader, *, request_id: UUID | None = None, most: int = 200, perimeter: list[str] | None = None
) -> list[Mail]:
    """Return mails that did not reach anybody (of the last days, or of one request): given up first, then oldest."""
    rows = await reader.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM delivery
        WHERE {SEEN}
          AND ($2::uuid IS NULL OR request_id = $2)
          AND (status IN ('failed', 'uncertain')
               AND ($2::uuid IS NOT NULL OR created_at > now() - make_interval(days => $3))
               OR status = 'queued' AND cadence = 'instant' AND tried_since < now() - make_interval(secs => $4))
        ORDER BY status = 'queued', tried_since, id
        LIMIT $5
        """,
        perimeter,
        request_id,
        LATELY_DAYS,
        SLOW,
        most,
    )
    return _mails(rows)


async def show(reader: Reader, mail_id: UUID, *, perimeter: list[str] | None = None) -> Mail:
    """Return one mail, whatever became of it; refuses with `NoSuchMail`."""
    rows = await reader.fetch(
        f"SELECT {_COLUMNS} FROM delivery WHERE {SEEN} AND id = $2",
        perimeter,
        mail_id,
    )
    if not rows:
        raise NoSuchMail
    return _mails(rows)[0]


REFUSED = """status = 'failed' AND recipient <> '' AND created_at > now() - make_interval(days => $2)"""

WORDS = r"btrim(regexp_replace(reason, '\s+', ' ', 'g'))"
"""On one line, as a form gives them back."""


async def answers(reader: Reader, *, perimeter: list[str] | None = None) -> list[Answer]:
    """Return the words with which mail servers refused mails of the last days, the most frequent first."""
    rows = await reader.fetch(
        f"""
        SELECT {WORDS} AS words, count(*) AS mails
        FROM delivery
        WHERE {SEEN} AND {REFUSED} AND reason IS NOT NULL
        GROUP BY 1
        ORDER BY count(*) DESC, 1
        LIMIT 20
        """,
        perimeter,
        LATELY_DAYS,
    )
    return [Answer(**row) for row in rows]


def mail_service(connections: Connections) -> Watched | None:
    """Return the service that sends mails, if it is looked after here."""
    return connections.services.get(SENDS_MAILS)


def _mails(rows: Sequence[Row]) -> list[Mail]:
    return [Mail(**row) for row in rows]
