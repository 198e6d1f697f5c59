"""The seeded bugs, by what they break."""

from tests.faults.teeth.bug import Bug
from tests.faults.teeth.bugs import consuming, healing, mails, restoring, services, stopping, telling

BUGS: tuple[Bug, ...] = (
    *telling.BUGS,
    *consuming.BUGS,
    *healing.BUGS,
    *services.BUGS,
    *mails.BUGS,
    *restoring.BUGS,
    *stopping.BUGS,
)
