"""Find in the history the commit whose code must work on today's tables (ADR 34)."""

import re
import subprocess
from collections.abc import Iterable
from pathlib import Path

MIGRATIONS = ":(glob)**/migrations/*.sql"
_MIGRATION = re.compile(r"(?:^|/)migrations/[^/]+\.sql$")


def git(repository: Path, *arguments: str) -> str:
    """Return what git prints about a repository."""
    return subprocess.run(  # noqa: S603 - arguments of ours
        ["git", *arguments],  # noqa: S607 - whichever git people have
        cwd=repository, check=True, capture_output=True, text=True,
    ).stdout.strip()  # fmt: skip


def code_before_the_newest_tables(repository: Path) -> str | None:
    """Name the commit whose code must work on today's tables, or None when there is none yet.

    That is the last release, which is what runs where these migrations arrive. Before the first one it is the commit
    before the last that touched a migration; or the present one, while a migration is not committed.

    Before the first release, migrations may be squashed. The tables of a commit from before that are not those that
    today's migrations begin with. The commit that squashed them then counts, once it is an earlier one.
    """
    if git(repository, "tag", "--list", "v*"):
        return git(repository, "describe", "--tags", "--abbrev=0", "--match", "v*")
    present = git(repository, "rev-parse", "HEAD")
    if git(repository, "status", "--porcelain", "--", MIGRATIONS):
        candidates = [present]
    else:
        touched = git(repository, "log", "-1", "--format=%H", "--", MIGRATIONS)
        before = git(repository, "rev-list", "--parents", "--max-count=1", touched).split()[1:2]
        candidates = [*before, *([touched] if touched != present else [])]
    today = _first_today(repository)
    return next((commit for commit in candidates if _begins_as(today, _first_in(repository, commit))), None)


def _begins_as(today: dict[str, tuple[str, str]], then: dict[str, tuple[str, str]]) -> bool:
    return bool(then) and all(today.get(folder) == first for folder, first in then.items())


def _first_today(repository: Path) -> dict[str, tuple[str, str]]:
    listed = git(repository, "ls-files", "--cached", "--others", "--exclude-standard", "--", MIGRATIONS).splitlines()
    there = sorted({path for path in listed if (repository / path).exists()})
    return _first((git(repository, "hash-object", path), path) for path in there)


def _first_in(repository: Path, commit: str) -> dict[str, tuple[str, str]]:
    lines = git(repository, "ls-tree", "-r", commit).splitlines()
    described = (line.partition("\t") for line in lines)
    return _first((kind.split()[2], path) for kind, _, path in described if _MIGRATION.search(path))


def _first(files: Iterable[tuple[str, str]]) -> dict[str, tuple[str, str]]:
    """Return the name and the hash of the first migration of each folder."""
    first: dict[str, tuple[str, str]] = {}
    for content, path in files:
        folder, _, name = path.rpartition("/")
        first[folder] = min(first.get(folder, (name, content)), (name, content))
    return first
