"""Bugs in what keeps documents and databases through a restore, and in jobs' clocks: tests find them, no fault does."""

from datetime import datetime, timedelta
from typing import Any

from shared import clock
from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import instead, lacking, passing, returning, reworded, skipped

SWEEPING = "services.intake.usecases.sweeping"
FILES = "services.intake.store.files"
BACKUPS = "services.operations.usecases.backups"


async def _own_clock(*_: Any) -> datetime:
    return clock.now()


BUGS = (
    bug(
        "janitor_unlinks_at_once",
        "A file that no row claims is removed instead of moved to the trash.",
        "tests_of_documents",
        f"{FILES}:DocumentFiles.move_to_trash",
        instead(lambda self, ids, *, on: sum(self.path(one).unlink() is None for one in ids)),
    ),
    bug(
        "sweeps_though_the_folder_knows_more",
        "A database that was restored from a backup moves the documents that were added since.",
        "tests_of_documents",
        f"{SWEEPING}:_unclaimed",
        returning([]),
        within=f"{SWEEPING}:mark_folder",
    ),
    bug(
        "unclaimed_files_without_their_day",
        "A file is moved to the trash while its upload is under way.",
        "tests_of_documents",
        f"{SWEEPING}:UNCLAIMED_AFTER",
        instead(timedelta()),
    ),
    bug(
        "trash_gives_nothing_back",
        "A document whose row came back stays in the trash when somebody asks for it.",
        "tests_of_documents",
        f"{FILES}:DocumentFiles.take_out_of_trash",
        returning(0),
        within=f"{FILES}:DocumentFiles.locate",
    ),
    bug(
        "folder_not_on_the_disk",
        "The bytes of a document are on the disk when its row is committed, and its name is not.",
        "tests_of_documents",
        f"{FILES}:_folder_to_disk",
        skipped,
        within=f"{FILES}:_write",
    ),
    bug(
        "drafts_by_the_service_clock",
        "The service's own clock tells that a draft is old, and a request evaluated long ago.",
        "tests_of_clocks",
        "shared.db:now",
        instead(_own_clock),
        within="services.intake.jobs:run_once",
    ),
    bug(
        "providers_silent_by_the_service_clock",
        "The service's own clock tells that a provider did not answer in time.",
        "tests_of_clocks",
        "services.qualification.usecases.orienting:give_up_silent",
        passing(at=lambda _: clock.now()),
        within="services.qualification.jobs:look_once",
    ),
    bug(
        "stages_late_by_the_service_clock",
        "The service's own clock tells that a stage is late.",
        "tests_of_clocks",
        "shared.db:now",
        instead(_own_clock),
        within="services.escalation.jobs:run_once",
    ),
    bug(
        "early_notes_by_their_own_date",
        "What waits for its dossier is forgotten by the date at which it was written.",
        "tests_of_clocks",
        "services.escalation.store.exchanges:forget_early_notes",
        reworded("arrived_at < $1", "at < $1"),
    ),
    bug(
        "digests_by_the_service_clock",
        "The service's own clock tells that a digest is due.",
        "tests_of_clocks",
        "shared.db:now",
        instead(_own_clock),
        within="services.notifications.adapters.mail_sender:MailSender.gather_digests",
    ),
    bug(
        "backup_without_barrier",
        "Relays publish while the snapshots of a backup are taken: a listener's knows more than its source's.",
        "tests_of_backups",
        "shared.messaging.relay:_next",
        lacking("pg_advisory_xact_lock_shared"),
    ),
    bug(
        "backup_not_checked",
        "A backup whose listeners are ahead of their sources is taken for good.",
        "tests_of_backups",
        f"{BACKUPS}.ahead:refuse_ahead",
        skipped,
    ),
    bug(
        "restore_sends_mails_again",
        "A restored database sends what it owed at the backup, whatever was sent since.",
        "tests_of_backups",
        f"{BACKUPS}.restoring:_hold_mails",
        returning(0),
    ),
    bug(
        "restore_keeps_newer_messages",
        "What waits in the broker, newer than the backup, is applied by the restored services.",
        "tests_of_backups",
        f"{BACKUPS}.restoring:_empty",
        returning(0),
    ),
)
