"""The documents for programs in `docs/api/` say what the code does."""

import subprocess
import sys

from deploy.local.places import REPOSITORY


def test_the_committed_documents_are_those_that_the_code_gives() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "deploy.describe", "--check"],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
