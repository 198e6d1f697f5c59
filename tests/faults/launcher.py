"""`make run` as it is, but for the supervisor's growing pauses: they are meant for programs that die by themselves."""

import sys

from deploy.local import run, supervision


def main() -> int:
    """Start each program again half a second after every death: here we are the ones who kill."""
    supervision._WELL_AFTER = 0.0  # noqa: SLF001 - no user wants this switch, only who kills a hundred times an hour
    return run.main()


if __name__ == "__main__":
    sys.exit(main())
