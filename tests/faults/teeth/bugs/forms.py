"""Bugs in what a foreign form may do, and in how it is answered."""

from dataclasses import replace

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, instead, passing, returning

BUGS = (
    bug(
        "form_reads_every_queue",
        "The account of a foreign form may read the queues of services and of other forms.",
        "forms",
        "shared.messaging.accounts:form",
        around(lambda original, name: replace(original(name), read=".*")),
    ),
    bug(
        "repeated_filing_is_not_answered",
        "A form that files the same again, because it lost the answer, is told nothing.",
        "forms",
        "shared.messaging.handlers:EventHandlers.__init__",
        passing(repeated=instead(None)),
    ),
    bug(
        "forms_fill_the_quarantine",
        "A form may have any number of forged messages put in quarantine.",
        "forms",
        "shared.messaging.inbox.quarantine:_foreign_waiting",
        returning(0),
    ),
)
