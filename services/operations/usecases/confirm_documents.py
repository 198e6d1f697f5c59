"""Confirm that the database is correct: files without a row in it go to the trash."""

from services.operations.adapters.connections import Watched
from services.operations.domain.actions import Action
from services.operations.store import record
from shared.errors import Conflict


class NothingToConfirm(Conflict):
    """The folder of documents is not ahead of the database: there is nothing to decide."""

    code = "documents_not_ahead"
    title = "The folder of documents knows no more than the database"
    sentence = "Le dossier des documents n’en sait pas plus que la base\u00a0: il n’y a rien à décider."


async def confirm(watched: Watched, *, by: str, why: str) -> int:
    """Decide that this database is the right one: the next sweep moves the files to the trash. Gives how many.

    Refuses with `NothingToConfirm`.
    """
    why = record.motive(why)
    async with watched.database.transaction() as tx:
        done = await tx.fetchval(
            """
            UPDATE document_folder SET mark = folder_mark, folder_mark = NULL, ahead_since = NULL
            WHERE ahead_since IS NOT NULL
            RETURNING TRUE
            """
        )
        if not done:
            raise NothingToConfirm
        files: int = await tx.fetchval(
            "WITH gone AS (DELETE FROM unclaimed_file RETURNING 1) SELECT count(*) FROM gone"
        )
        await record.note(
            tx, by=by, action=Action.DOCUMENTS_CONFIRM, target=f"{files} files that no row claims", why=why
        )
    return files
