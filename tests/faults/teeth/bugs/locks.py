"""Bugs in what keeps two people, or a person and an event, from deciding on the same row at the same time."""

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import lacking, reworded

ESCALATION = "services.escalation.store"
LOCK = lacking("FOR UPDATE")

BUGS = (
    bug(
        "pg_snapshot_xmax",
        "The relay passes a position while a transaction that drew a smaller one still runs.",
        "quiet",
        "shared.messaging.relay:_next",
        reworded("pg_current_xact_id()", "pg_snapshot_xmax(s)"),
    ),
    bug(
        "session_not_locked",
        "A session of the committee changes while it is closed: its agenda grows, or it is open again.",
        "overlapping",
        f"{ESCALATION}.committee:load_session_for_update",
        LOCK,
    ),
    bug(
        "early_notes_not_held",
        "A dossier and what the applicant wrote meanwhile pass each other: the message never comes into the dossier.",
        "overlapping",
        "shared.messaging.inbox.streams:lock",
        reworded("hashtextextended(k.request, 0)", "hashtextextended(k.source, 0)"),
    ),
    bug(
        "dossier_not_locked_for_events",
        "What the national team does while an event is applied to its dossier is overwritten.",
        "overlapping",
        f"{ESCALATION}.dossier:find_for_update",
        LOCK,
    ),
    bug(
        "envelope_not_locked_for_give_back",
        "An envelope that is resized, or to which two orders give back, forgets one of both.",
        "overlapping",
        f"{ESCALATION}.means:load_envelope_for_update",
        LOCK,
    ),
    bug(
        "case_not_locked_for_events",
        "What an agent of the département does while an event is applied to the case is overwritten.",
        "overlapping",
        "services.qualification.store.cases:load_for_event",
        LOCK,
    ),
    bug(
        "request_not_locked_for_events",
        "What an applicant does while an event is applied to the request is overwritten.",
        "overlapping",
        "services.intake.store.requests:find_for_update",
        LOCK,
    ),
)
