"""Bugs in what the services themselves keep: filing, timeline, states, money."""

from dataclasses import replace
from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import (
    around,
    instead,
    lacking,
    outside_the_transaction,
    passing,
    returning,
    reworded,
    skipped,
)

INTAKE = "services.intake"
QUALIFICATION = "services.qualification"
ESCALATION = "services.escalation"


def _reopened(original: Any, self: Any, *given: Any) -> None:
    self.state = type(self.state).OPEN
    original(self, *given)


BUGS = (
    bug(
        "idempotency_key_ignored",
        "The same filing with the same key makes a second request.",
        "order",
        f"{INTAKE}.usecases.filing:file_request",
        passing(origin=lambda origin: replace(origin, key=None)),
    ),
    bug(
        "number_taken_outside_the_transaction",
        "A number is counted by another connection: a filing that is rolled back leaves a hole.",
        "kills_intake",
        f"{INTAKE}.store.requests:next_number",
        outside_the_transaction,
    ),
    bug(
        "timeline_by_arrival",
        "The applicant sees what happened in the order in which their service heard of it.",
        "late_for_applicants",
        f"{INTAKE}.reads.tracking:_timeline",
        reworded("ORDER BY at, id", "ORDER BY ctid"),
    ),
    bug(
        "status_by_arrival",
        "The last thing heard gives the status, not the last that happened.",
        "late_for_applicants",
        f"{INTAKE}.domain.request:TrackedRequest._follow",
        instead(lambda self, fact, meaning: self._move(fact, meaning)),
    ),
    bug(
        "provider_answers_twice",
        "A provider's link takes a second answer.",
        "kills_acting",
        f"{QUALIFICATION}.domain.orientation:Orientation._settle",
        around(_reopened),
    ),
    bug(
        "examined_twice",
        "An action that is over may be taken once more.",
        "kills_acting",
        f"{QUALIFICATION}.domain.moves:Standing.allows",
        returning(True),
        within=f"{QUALIFICATION}.domain.case:Case.require",
    ),
    bug(
        "decided_twice",
        "The national team may take an action that its dossier is past.",
        "national_moves",
        f"{ESCALATION}.domain.moves:allow",
        instead(lambda action, state, by, **_: by.acting_in(action)),
    ),
    bug(
        "grant_not_checked",
        "More is mobilised than what the committee granted.",
        "two_people",
        f"{ESCALATION}.domain.grant:Grant.check_amount",
        skipped,
    ),
    bug(
        "envelope_not_locked",
        "Two commitments on one envelope at the same time: the second forgets the first.",
        "at_once",
        f"{ESCALATION}.store.means:envelope_of_request_for_update",
        lacking("FOR UPDATE OF envelope"),
    ),
    bug(
        "money_spent_outside_the_transaction",
        "The département's money is spent by another connection: it stays spent when the validation is rolled back.",
        "kills_acting",
        f"{QUALIFICATION}.store.envelopes:commit",
        outside_the_transaction,
    ),
    bug(
        "message_kept_before_it_is_told",
        "What is written to the applicant is committed at once, by another connection than the event that tells it.",
        "kills_acting",
        f"{QUALIFICATION}.store.exchanges:add_message",
        outside_the_transaction,
    ),
)
