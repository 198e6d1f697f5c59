"""Bugs in what a foreign form may do, and in how it is answered."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "form_reads_every_queue",
        "The account of a foreign form may read the queues of services and of other forms.",
        "forms",
        "shared/messaging/accounts.py",
        "        read=_one_of(re.escape(user)),\n",
        "        read=EVERYTHING,\n",
    ),
    bug(
        "repeated_filing_is_not_answered",
        "A form that files the same again, because it lost the answer, is told nothing.",
        "forms",
        "services/intake/handlers.py",
        "raw=filing, repeated=filing, answer=",
        "raw=filing, answer=",
    ),
    bug(
        "forms_fill_the_quarantine",
        "A form may have any number of forged messages put in quarantine.",
        "forms",
        "shared/messaging/inbox/quarantine.py",
        "        if await _foreign_waiting(tx) >= MOST_FOREIGN:\n",
        "        if await _foreign_waiting(tx) < 0:\n",
    ),
)
