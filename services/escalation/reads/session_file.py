"""Read models of the bound file of a session."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from services.escalation.domain.moves import Action, By
from services.escalation.domain.refusals import FileNotReady
from services.escalation.domain.session_file import FileState, SessionFile
from services.escalation.store.committee import NoSuchSession
from shared.contracts.fact import Actor
from shared.db import Reader


class SessionFileView(BaseModel):
    """The bound file of a session: `pending` until it is made; the one made before is served meanwhile.

    `current` tells whether it holds the dossiers of the agenda as it is now, in order; `size` is in bytes.
    """

    session_id: UUID
    state: FileState
    asked_at: datetime | None
    asked_by: Actor | None
    made_at: datetime | None
    seconds: float | None
    pages: int | None
    size: int | None
    current: bool
    allowed_actions: list[str]


async def session_file(reader: Reader, session_id: UUID, *, by: By) -> SessionFileView:
    """Return what is known of the file of a session; refuses (`NoSuchSession`) when there is no session."""
    row = await reader.fetchrow(
        """
        SELECT file.asked_at, file.asked_by, file.failed_at, file.made_at, file.seconds, file.pages,
            octet_length(file.content) AS size, coalesce(file.request_ids = agenda.request_ids, false) AS current,
            cardinality(agenda.request_ids) AS dossiers
        FROM committee_session AS session
        CROSS JOIN LATERAL (
            SELECT coalesce(array_agg(request_id ORDER BY position), '{}') AS request_ids
            FROM agenda_item
            WHERE session_id = session.id
        ) AS agenda
        LEFT JOIN session_file AS file ON file.session_id = session.id
        WHERE session.id = $1
        """,
        session_id,
    )
    if row is None:
        raise NoSuchSession
    asked = row["asked_at"] is not None
    file = SessionFile(row["asked_at"], row["made_at"], row["failed_at"])
    shown = {name: row[name] for name in ("asked_at", "asked_by", "made_at", "seconds", "pages", "size", "current")}
    return SessionFileView(
        session_id=session_id,
        state=file.state if asked else FileState.NONE,
        allowed_actions=[Action.FILE.value] if row["dossiers"] and by.may(Action.FILE) else [],
        **shown,
    )


async def content(reader: Reader, session_id: UUID) -> bytes:
    """Return the PDF that was made last; refuses (`FileNotReady`) while there is none."""
    found: bytes | None = await reader.fetchval("SELECT content FROM session_file WHERE session_id = $1", session_id)
    if found is None:
        raise FileNotReady
    return found
