"""The seeded bugs, by what they break."""

from tests.faults.teeth.bug import Bug
from tests.faults.teeth.bugs import (
    consuming,
    credentials,
    crossing,
    figures,
    floods,
    forging,
    forks,
    forms,
    gap_recovery,
    locks,
    mails,
    perimeter,
    publishing,
    restoring,
    secrets,
    services,
    stopping,
)

BUGS: tuple[Bug, ...] = (
    *publishing.BUGS,
    *consuming.BUGS,
    *gap_recovery.BUGS,
    *forks.BUGS,
    *services.BUGS,
    *mails.BUGS,
    *restoring.BUGS,
    *stopping.BUGS,
    *crossing.BUGS,
    *locks.BUGS,
    *credentials.BUGS,
    *secrets.BUGS,
    *floods.BUGS,
    *forging.BUGS,
    *forms.BUGS,
    *figures.BUGS,
    *perimeter.BUGS,
)

_BY_NAME = {bug.name: bug for bug in BUGS}


def named(name: str) -> Bug:
    """Return the bug of this name."""
    return _BY_NAME[name]
