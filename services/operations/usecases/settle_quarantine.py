"""Read, replay or discard a quarantined message; each is recorded."""

from uuid import UUID

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.reads.quarantine import SEEN, Quarantined, bytes_of, show
from services.operations.store import record
from shared.db import Transaction
from shared.errors import Conflict


class AlreadySettled(Conflict):
    """Somebody has replayed or discarded this message before."""

    code = "already_settled"
    title = "The message was settled before"
    sentence = "Ce message a déjà été traité par {by}\u00a0: rien n’a été fait une seconde fois."


class DamagedMessage(Conflict):
    """The bytes are not those that were sent: they may read well and mean something else."""

    code = "message_damaged"
    title = "The message was damaged on its way"
    sentence = (
        "Ce message a été abîmé en route : il ne peut pas être renvoyé, car son contenu pourrait dire autre chose. "
        "Le véritable événement est redemandé automatiquement à son service ; écartez celui-ci."
    )


async def read(
    watched: Watched, message_id: UUID, *, by: str, perimeter: list[str] | None = None
) -> tuple[Quarantined, bytes]:
    """Return one message with its bytes, which may hold personal data: who read them is recorded."""
    async with watched.database.transaction() as tx:
        found = await show(tx, watched.name, message_id, perimeter=perimeter)
        body = await bytes_of(tx, message_id)
        await record.note(tx, by=by, action=Action.QUARANTINE_READ, target=str(message_id), why="Lecture du message")
    return found, body


async def replay(
    watched: Watched, message_id: UUID, *, by: str, why: str, perimeter: list[str] | None = None
) -> Quarantined:
    """Have the service take the message again, through its inbox: what was applied already stays applied once.

    They are checked as when they came, with the account that published them. Refused again, they come back as a new
    message. Refuses with `NotInQuarantine`, `AlreadySettled`, `DamagedMessage`.
    """
    why = record.motive(why)
    async with watched.database.transaction() as tx:
        found = await _settle(tx, watched.name, message_id, "replayed", by=by, why=why, perimeter=perimeter)
        if found.damaged:
            raise DamagedMessage
    return found


async def discard(
    watched: Watched, message_id: UUID, *, by: str, why: str, perimeter: list[str] | None = None
) -> Quarantined:
    """Decide that the message is never applied; its bytes stay. Refuses with `NotInQuarantine`, `AlreadySettled`."""
    async with watched.database.transaction() as tx:
        return await _settle(
            tx, watched.name, message_id, "discarded", by=by, why=record.motive(why), perimeter=perimeter
        )


async def _settle(
    tx: Transaction,
    service: str,
    message_id: UUID,
    settlement: str,
    *,
    by: str,
    why: str,
    perimeter: list[str] | None,
) -> Quarantined:
    """Write the decision down, once."""
    done = await tx.fetchval(
        f"""
        UPDATE quarantine
        SET settled_at = now(), settled_by = $3, settlement = $4, why = $5
        WHERE id = $2 AND settled_at IS NULL AND {SEEN}
        RETURNING TRUE
        """,
        perimeter,
        message_id,
        by,
        settlement,
        why,
    )
    found = await show(tx, service, message_id, perimeter=perimeter)
    if not done:
        raise AlreadySettled(by=found.settled_by)
    action = {"replayed": Action.QUARANTINE_REPLAY, "discarded": Action.QUARANTINE_DISCARD}[settlement]
    await record.note(tx, by=by, action=action, target=f"{found.routing_key} {found.id}: {found.reason}", why=why)
    return found
