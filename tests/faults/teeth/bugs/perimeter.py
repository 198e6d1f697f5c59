"""Bugs in who sees what, in the trace of it, and in what is believed of who wrote a mail."""

from collections.abc import Sequence
from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, returning, skipped


def _vouched_by_anybody(original: Any, fields: Sequence[str], *, server: str, sender: str) -> bool:
    names = [field.partition(";")[0].partition(" ")[0] for field in fields]
    return any(original(fields, server=name, sender=sender) for name in (server, *names))


BUGS = (
    bug(
        "limited_operator_reads_the_country",
        "An operator of one département reads sessions, envelopes and contracts of the whole country.",
        "perimeter",
        "shared.identity.model:Agent.perimeter",
        returning(None),
        within="services.escalation.web.readers:reads_country",
    ),
    bug(
        "shared_provider_is_rewritten",
        "An agent changes the mail address of a provider that also works in another département.",
        "perimeter",
        "services.qualification.usecases.catalogue:_refuse_for_others",
        skipped,
    ),
    bug(
        "reading_leaves_no_trace",
        "What an agent is shown with the usual status is not traced.",
        "perimeter",
        "shared.web.consultation_log:_shows",
        around(lambda original, scope, status: status != 200 and original(scope, status)),
    ),
    bug(
        "any_server_vouches",
        "A sender's own Authentication-Results vouch for them.",
        "perimeter",
        "services.notifications.domain.authentication:is_authenticated",
        around(_vouched_by_anybody),
    ),
)
