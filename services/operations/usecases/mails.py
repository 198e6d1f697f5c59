"""Mails that did not reach anybody: list with the mail server's words, send again."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import BaseModel

from services.operations.adapters.connections import Connections, Watched
from services.operations.domain.actions import Action
from services.operations.reads.overdue import LATELY_DAYS, SENDS_MAILS
from services.operations.store import record
from shared.db import Reader, Row, Transaction
from shared.errors import Conflict, NotFound

SLOW: Final = 60
"""Seconds after which a mail that should leave at once is worth a line, tried or not."""


class NoSuchMail(NotFound):
    """No mail has this number, or it lies outside one's départements."""

    code = "no_such_delivery"
    title = "No such delivery"
    sentence = "Ce courriel n’existe pas, ou n’est pas dans votre périmètre."


class NoneRefused(NotFound):
    """No mail of the last days was refused with these words, or none is left."""

    code = "none_refused"
    title = "No mail was refused with these words"
    sentence = "Plus aucun courriel refusé ne porte cette réponse\u00a0: ils sont déjà repartis."


class MailUnderWay(Conflict):
    """It is being sent, was sent, or is about to be sent for the first time."""

    code = "delivery_under_way"
    title = "The delivery needs nobody"
    sentence = "Ce courriel est parti, ou part en ce moment\u00a0: rien n’a été fait une seconde fois."


class NoAddress(Conflict):
    """Nobody knows where this mail should go."""

    code = "no_address"
    title = "No address is known for this recipient"
    sentence = (
        "Aucune adresse n’est connue pour ce destinataire. Renseignez-la (réglages du service Notifications, ou fiche "
        "de l’acteur), puis renvoyez le message depuis le service Notifications."
    )


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
_SEEN = "($1::text[] IS NULL OR departement = ANY($1))"


async def list_mails(
    reader: Reader, *, request_id: UUID | None = None, most: int = 200, perimeter: list[str] | None = None
) -> list[Mail]:
    """Give the mails that did not reach anybody (of the last days, or of one request): given up first, then oldest."""
    rows = await reader.fetch(
        f"""
        SELECT {_COLUMNS}
        FROM delivery
        WHERE {_SEEN}
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
    """Give one mail, whatever became of it; refuses with `NoSuchMail`."""
    rows = await reader.fetch(
        f"SELECT {_COLUMNS} FROM delivery WHERE {_SEEN} AND id = $2",
        perimeter,
        mail_id,
    )
    if not rows:
        raise NoSuchMail
    return _mails(rows)[0]


async def resend(watched: Watched, mail_id: UUID, *, by: str, why: str, perimeter: list[str] | None = None) -> Mail:
    """Have a mail tried again now, for as long as a new one; who asked stands beside its next attempts.

    Refuses with `NoSuchMail`, `MailUnderWay`, `NoAddress`.
    """
    async with watched.database.transaction() as tx:
        await tx.execute("SELECT FROM delivery WHERE id = $1 FOR UPDATE", mail_id)
        found = await show(tx, mail_id, perimeter=perimeter)
        if not found.may_resend:
            raise MailUnderWay
        if not found.recipient:
            raise NoAddress
        await _queue_again(tx, [mail_id], by)
        await record.note(tx, by=by, action=Action.DELIVERY_RESEND, target=f"{found.event_type} {found.id}", why=why)
        return await show(tx, mail_id, perimeter=perimeter)


_REFUSED = """status = 'failed' AND recipient <> '' AND created_at > now() - make_interval(days => $2)"""
_WORDS = r"btrim(regexp_replace(reason, '\s+', ' ', 'g'))"
"""On one line, as a form gives them back."""


async def answers(reader: Reader, *, perimeter: list[str] | None = None) -> list[Answer]:
    """Give the words with which mail servers refused mails of the last days, the most frequent first."""
    rows = await reader.fetch(
        f"""
        SELECT {_WORDS} AS words, count(*) AS mails
        FROM delivery
        WHERE {_SEEN} AND {_REFUSED} AND reason IS NOT NULL
        GROUP BY 1
        ORDER BY count(*) DESC, 1
        LIMIT 20
        """,
        perimeter,
        LATELY_DAYS,
    )
    return [Answer(**row) for row in rows]


async def resend_answered(
    watched: Watched, words: str, *, by: str, why: str, perimeter: list[str] | None = None
) -> int:
    """Have all mails of the last days that were refused with these very words tried again now; return how many.

    Refuses with `NoneRefused`.
    """
    async with watched.database.transaction() as tx:
        rows = await tx.fetch(
            f"""
            SELECT id FROM delivery WHERE {_SEEN} AND {_REFUSED} AND {_WORDS} = $3 ORDER BY id FOR UPDATE
            """,
            perimeter,
            LATELY_DAYS,
            words,
        )
        if not rows:
            raise NoneRefused
        await _queue_again(tx, [row["id"] for row in rows], by)
        await record.note(tx, by=by, action=Action.DELIVERY_RESEND, target=f"{len(rows)} mails: {words}", why=why)
        return len(rows)


async def _queue_again(tx: Transaction, mail_ids: Sequence[UUID], by: str) -> None:
    """Have mails tried now, for as long as new ones."""
    await tx.execute(
        """
        UPDATE delivery SET
            status = 'queued', next_attempt_at = now(), tried_since = now(), asked_by = $2,
            cadence = 'instant', digest_id = NULL, reason = NULL
        WHERE id = ANY($1)
        """,
        mail_ids,
        by,
    )


def mail_service(connections: Connections) -> Watched | None:
    """Give the service that sends mails, if it is looked after here."""
    return connections.services.get(SENDS_MAILS)


def _mails(rows: Sequence[Row]) -> list[Mail]:
    return [Mail(**row) for row in rows]
