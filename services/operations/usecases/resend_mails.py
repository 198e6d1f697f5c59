"""Resend mails that were not delivered."""

from collections.abc import Sequence
from uuid import UUID

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.reads.mails import REFUSED, SEEN, WORDS, Mail, show
from services.operations.reads.overdue import LATELY_DAYS
from services.operations.store import record
from shared.db import Transaction
from shared.errors import Conflict, NotFound


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


async def resend_answered(
    watched: Watched, words: str, *, by: str, why: str, perimeter: list[str] | None = None
) -> int:
    """Have all mails of the last days that were refused with these very words tried again now; return how many.

    Refuses with `NoneRefused`.
    """
    async with watched.database.transaction() as tx:
        rows = await tx.fetch(
            f"""
            SELECT id FROM delivery WHERE {SEEN} AND {REFUSED} AND {WORDS} = $3 ORDER BY id FOR UPDATE
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
