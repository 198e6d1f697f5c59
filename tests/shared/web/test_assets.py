"""Static files: gathered once, changed when they change, under addresses that follow the content."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.web import assets


@pytest.fixture
def gathered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Gather into a folder of this test's own."""
    monkeypatch.setenv("COUSU_STATIC", str(tmp_path / "static"))
    assets.gather()
    yield tmp_path / "static"
    assets.address.cache_clear()


def test_everything_a_page_needs_is_gathered(gathered: Path) -> None:
    for name in ("bootstrap.css", "cousu.css", "cousu.js", "htmx.js", "icon.svg", "fonts/latin-400-normal.woff2"):
        assert (gathered / name).stat().st_size > 0


def test_every_file_that_our_style_names_is_gathered(gathered: Path) -> None:
    style = (gathered / "cousu.css").read_text()
    named = {part.split('"')[0] for part in style.split('url("')[1:]}
    assert named
    assert [name for name in sorted(named) if assets.address(name.partition("?")[0]) != f"/static/{name}"] == []


def test_gathering_again_copies_nothing(gathered: Path) -> None:
    assert (gathered / "cousu.css").is_file()
    assert assets.gather() == 0


def test_an_address_changes_with_the_content_and_only_then(gathered: Path) -> None:
    before = assets.address("cousu.css")
    assert before.startswith("/static/cousu.css?v=")
    assets.gather()
    assert assets.address("cousu.css") == before
    (gathered / "cousu.css").write_text("body {}")
    assets.address.cache_clear()
    assert assets.address("cousu.css") != before


def test_a_changed_file_is_gathered_again(gathered: Path) -> None:
    (gathered / "cousu.js").write_text("changed by somebody")
    assert assets.gather() == 1


def test_a_missing_package_is_one_sentence_with_the_command_that_mends_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COUSU_STATIC", str(tmp_path / "static"))
    monkeypatch.setenv("COUSU_NODE_MODULES", str(tmp_path / "none"))
    assert assets.main() == 1
    assert "npm ci" in capsys.readouterr().err


def test_files_gathered_before_need_no_source(gathered: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUSU_NODE_MODULES", str(gathered / "none"))
    assert assets.gather() == 0


def test_the_first_page_gathers_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUSU_STATIC", str(tmp_path / "fresh"))
    assets.address.cache_clear()
    assert assets.address("cousu.css").startswith("/static/cousu.css?v=")
    assets.address.cache_clear()


def test_an_unknown_file_has_no_address(gathered: Path) -> None:
    assert gathered.is_dir()
    with pytest.raises(assets.AssetMissing, match=r"nothing\.css"):
        assets.address("nothing.css")
