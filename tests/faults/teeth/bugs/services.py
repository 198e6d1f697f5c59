"""Bugs in what the services themselves keep: filing, timeline, states, money."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "idempotency_key_ignored",
        "The same filing with the same key makes a second request.",
        "order",
        "services/intake/usecases/file_request.py",
        "    if key is not None:\n",
        "    if key is not None and not key:\n",
    ),
    bug(
        "number_taken_outside_the_transaction",
        "A number is counted by another connection: a filing that is rolled back leaves a hole.",
        "kills_intake",
        "services/intake/store/requests.py",
        'other filings there wait until this one ends either way."""\n    last = await tx.fetchval(\n',
        'other filings there wait until this one ends either way."""\n'
        "    last = await tx.connection._holder._pool.fetchval(\n",
    ),
    bug(
        "timeline_by_arrival",
        "The applicant sees what happened in the order in which his service heard of it.",
        "late_for_applicants",
        "services/intake/reads/tracking.py",
        'FROM step WHERE request_id = $1 ORDER BY at, id"',
        'FROM step WHERE request_id = $1 ORDER BY ctid"',
    ),
    bug(
        "status_by_arrival",
        "The last thing heard gives the status, not the last that happened.",
        "late_for_applicants",
        "services/intake/domain/request.py",
        "if fact.at >= self.status_at:",
        "if True:",
    ),
    bug(
        "provider_answers_twice",
        "A provider's link takes a second answer.",
        "kills_acting",
        "services/qualification/domain/orientation.py",
        "        if self.state is not OrientationState.OPEN:\n",
        "        if False:\n",
    ),
    bug(
        "examined_twice",
        "An action that is over may be taken once more.",
        "kills_acting",
        "services/qualification/domain/case.py",
        "        if not standing.allows(action, who):\n",
        "        if False:\n",
    ),
    bug(
        "decided_twice",
        "The national team may take an action that its dossier is past.",
        "kills_deciding",
        "services/escalation/domain/moves.py",
        "    if state not in MOVES[action]:\n        raise",
        "    if False:\n        raise",
    ),
    bug(
        "envelope_not_locked",
        "Two commitments on one envelope at the same time: the second forgets the first.",
        "at_once",
        "services/escalation/store/means.py",
        "        LIMIT 1\n        FOR UPDATE OF envelope\n",
        "        LIMIT 1\n",
    ),
    bug(
        "money_spent_outside_the_transaction",
        "The département's money is spent by another connection: it stays spent when the validation is rolled back.",
        "kills_acting",
        "services/qualification/store/envelopes.py",
        '    """Spend from an envelope; the table itself refuses to go below zero."""\n    await tx.execute(\n',
        '    """Spend from an envelope; the table itself refuses to go below zero."""\n'
        "    await tx.connection._holder._pool.execute(\n",
    ),
    bug(
        "message_kept_before_it_is_told",
        "What is written to the applicant is committed at once, by another connection than the event that tells it.",
        "kills_acting",
        "services/qualification/store/exchanges.py",
        '(it came with a dossier, or comes again) is kept once."""\n    await tx.execute(\n',
        '(it came with a dossier, or comes again) is kept once."""\n    await tx.connection._holder._pool.execute(\n',
    ),
)
