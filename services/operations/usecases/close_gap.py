"""Close a gap: stop waiting for an event of a stream that will never be published."""

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.reads.waiting import NothingExpected, show
from services.operations.store import record


async def discard(
    watched: Watched, *, source: str, subject: str, by: str, why: str, perimeter: list[str] | None = None
) -> int:
    """Expect nothing more of a stream: forget its announced head, and settle its parked events in the quarantine.

    What its source publishes or announces from now on is consumed as usual. Returns how many events were parked.
    Refuses with `NothingExpected`.
    """
    async with watched.database.transaction() as tx:
        if perimeter is not None:
            await show(tx, watched.name, source=source, subject=subject, perimeter=perimeter)
        await tx.execute("SELECT FROM inbox_stream WHERE subject = $1 AND source = $2 FOR UPDATE", subject, source)
        if await tx.fetchval("SELECT count(*) FROM inbox_held WHERE subject = $1 AND source = $2", subject, source):
            raise NothingExpected
        expected = await tx.execute("DELETE FROM inbox_expected WHERE subject = $1 AND source = $2", subject, source)
        parked = await tx.fetch(
            """
            WITH parked AS (
                DELETE FROM inbox_waiting WHERE subject = $1 AND source = $2
                RETURNING body, type, received_at
            )
            INSERT INTO quarantine
                (id, received_at, reason, routing_key, body, settled_at, settled_by, settlement, why)
            SELECT gen_random_uuid(), received_at, 'parked, and discarded by an operator', type, body, now(), $3,
                   'discarded', $4
            FROM parked
            RETURNING id
            """,
            subject,
            source,
            by,
            record.motive(why),
        )
        if expected == "DELETE 0" and not parked:
            raise NothingExpected
        target = f"{source} {subject}: {len(parked)} events"
        await record.note(tx, by=by, action=Action.WAITING_DISCARD, target=target, why=why)
    return len(parked)
