"""Bugs in who sees what, in the trace of it, and in what is believed of who wrote a mail."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "limited_operator_reads_the_country",
        "An operator of one département reads sessions, envelopes and contracts of the whole country.",
        "perimeter",
        "services/escalation/web/readers.py",
        "agent.has(*COMMITTEE_READERS) and agent.perimeter is None",
        "agent.has(*COMMITTEE_READERS)",
    ),
    bug(
        "shared_provider_is_rewritten",
        "An agent changes the mail address of a provider that also works in another département.",
        "perimeter",
        "services/qualification/usecases/catalogue.py",
        "if elsewhere and replace(",
        "if not elsewhere and replace(",
    ),
    bug(
        "reading_leaves_no_trace",
        "What an agent is shown with the usual status is not traced.",
        "perimeter",
        "shared/web/consultations.py",
        "if 200 <= status < 300:",
        "if 200 < status < 300:",
    ),
    bug(
        "any_server_vouches",
        "A sender's own Authentication-Results vouch for them.",
        "perimeter",
        "services/notifications/domain/authentication.py",
        "name[0].casefold() == server.casefold()",
        "name[0].casefold()",
    ),
)
