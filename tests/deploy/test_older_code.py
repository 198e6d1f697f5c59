"""Which code of the history must work on today's tables (ADR 34)."""

from pathlib import Path

import pytest

from tests.deploy.older_code import code_before_the_newest_tables, git

SET_UP = ("-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false")


class History:
    """A repository whose commits a test makes."""

    def __init__(self, repository: Path) -> None:
        self.repository = repository
        git(repository, "init", "--quiet")

    def write(self, files: dict[str, str | None]) -> None:
        """Write files of one service's migrations, or remove those that are None."""
        for name, text in files.items():
            path = self.repository / "services" / "intake" / "migrations" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if text is None else path.write_text(text, encoding="utf-8")

    def commit(self, files: dict[str, str | None] | None = None) -> str:
        """Commit these files, or something that is no migration."""
        self.write(files or {})
        git(self.repository, "add", "--all")
        git(self.repository, *SET_UP, "commit", "--quiet", "--allow-empty", "--message", "one more")
        return git(self.repository, "rev-parse", "HEAD")

    @property
    def found(self) -> str | None:
        return code_before_the_newest_tables(self.repository)


SQUASHED: dict[str, str | None] = {"1001_requests.sql": "final tables", "1002_more.sql": None}


@pytest.fixture
def history(tmp_path: Path) -> History:
    """A history with two migrations, of which each has a commit of its own."""
    history = History(tmp_path)
    history.commit({"1001_requests.sql": "tables"})
    history.commit({"1002_more.sql": "a column"})
    return history


def test_it_is_the_commit_before_the_last_that_touched_a_migration(history: History) -> None:
    before = history.commit()
    history.commit({"1003_more.sql": "a column"})
    history.commit()
    assert history.found == before


def test_it_is_the_present_commit_while_a_migration_is_not_committed(history: History) -> None:
    present = history.commit()
    history.write({"1003_more.sql": "a column"})
    assert history.found == present


def test_it_is_the_last_release_once_there_is_one(history: History) -> None:
    git(history.repository, "tag", "v1.0.0")
    history.commit({"1003_more.sql": "a column"})
    history.commit({"1004_more.sql": "a column"})
    assert history.found == "v1.0.0"


def test_there_is_none_before_the_first_migration_is_followed_by_a_commit(tmp_path: Path) -> None:
    history = History(tmp_path)
    history.commit({"1001_requests.sql": "tables"})
    assert history.found is None


@pytest.mark.parametrize("committed", [True, False])
def test_there_is_none_when_migrations_were_just_squashed(history: History, *, committed: bool) -> None:
    history.commit(SQUASHED) if committed else history.write(SQUASHED)
    assert history.found is None


def test_it_is_the_commit_that_squashed_them_as_soon_as_another_follows(history: History) -> None:
    squashed = history.commit(SQUASHED)
    history.commit()
    assert history.found == squashed
    history.commit()
    assert history.found == squashed


def test_a_migration_after_the_squashed_ones_is_applied_to_the_tables_of_the_commit_before_it(history: History) -> None:
    history.commit(SQUASHED)
    before = history.commit()
    history.write({"1003_more.sql": "a column"})
    assert history.found == before
    history.commit({"1003_more.sql": "a column"})
    assert history.found == before


def test_the_first_migrations_of_every_folder_count(history: History) -> None:
    history.commit(SQUASHED)
    other = history.repository / "shared" / "messaging" / "migrations" / "0001_messaging.sql"
    other.parent.mkdir(parents=True)
    other.write_text("tables", encoding="utf-8")
    history.commit()
    other.write_text("final tables", encoding="utf-8")
    assert history.found is None
