"""Bugs in ending: a service that was told to stop, what a killed supervisor left, migrations that wait."""

import math
import time
from pathlib import Path
from typing import Any

from shared.stopping import OVERDUE
from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, instead, returning, skipped

STOPPING = "shared.stopping"
LEFTOVERS = "deploy.local.leftovers"
MIGRATIONS = "services.operations.adapters.migrations"


def _hanging(original: Any, code: int) -> None:
    time.sleep(3600) if code == OVERDUE else original(code)


def _of_any_like_it(original: Any, pid: int, folder: Path) -> bool:
    return any(original(pid, alike) for alike in folder.parent.glob(f"{folder.name}*"))


BUGS = (
    bug(
        "goodbye_waits_for_the_channel",
        "A connection to a broker that is silent is not closed before its channel has said goodbye.",
        "stopping",
        "shared.messaging.consumer:Consumer._close_connection",
        skipped,
    ),
    bug(
        "cancelled_only_once",
        "A task whose cancellation another error replaced is not cancelled again.",
        "stopping",
        f"{STOPPING}:CANCELLED_AGAIN_AFTER",
        instead(math.inf),
    ),
    bug(
        "steps_of_a_stop_take_what_they_like",
        "Each step of a stop may take its own time, however little is left.",
        "stopping",
        f"{STOPPING}:Deadline.left",
        instead(lambda self, at_most: at_most),
    ),
    bug(
        "stop_waits_for_ever",
        "A stop that takes too long is logged, and goes on.",
        "stopping",
        f"{STOPPING}:_end",
        around(_hanging),
    ),
    bug(
        "second_signal_ignored",
        "A second signal does not end the process.",
        "stopping",
        f"{STOPPING}:_end",
        skipped,
        within=f"{STOPPING}:StopSignals._end_at_a_second",
    ),
    bug(
        "child_outlives_its_supervisor",
        "A program that does not end after its supervisor was killed is waited for, and left to the next run.",
        "leftovers",
        f"{LEFTOVERS}:_kill",
        returning(False),
    ),
    bug(
        "strangers_are_leftovers",
        "Programs of a folder whose name begins alike are ended as one's own.",
        "leftovers",
        f"{LEFTOVERS}:_belongs",
        around(_of_any_like_it),
    ),
    bug(
        "migration_queues_in_front_of_everybody",
        "A migration waits for its table for as long as it takes, and everybody else behind it.",
        "migrating",
        f"{MIGRATIONS}:LOCK_TIMEOUT",
        instead(0),
    ),
    bug(
        "busy_table_ends_the_migration",
        "A migration that did not get its table is not tried again.",
        "migrating",
        f"{MIGRATIONS}:MEANS_BUSY",
        instead(()),
    ),
    bug(
        "invalid_index_stays",
        "An index that a failure left unfinished counts as made.",
        "migrating",
        f"{MIGRATIONS}:_drop_invalid_indexes",
        skipped,
    ),
)
