"""Templates stay readable, those of shared and of the services: short lines, and no tables of words in them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
TEMPLATES = sorted(file for part in ("shared", "services") for file in (ROOT / part).rglob("*.html"))
LONGEST = 120
MAP_OF_WORDS = re.compile(r"\{%-? set (?!labels )\w+ = \{[^}]*: \(?\"[A-ZÀÉ]")
"""What errors call the fields of a form (`labels`) may stand beside the form."""


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
def test_no_line_is_longer_than_a_line_of_code(template: Path) -> None:
    lines = template.read_text(encoding="utf-8").splitlines()
    assert [number for number, line in enumerate(lines, 1) if len(line) > LONGEST] == []


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda file: str(file.relative_to(ROOT)))
def test_words_of_states_are_given_by_filters(template: Path) -> None:
    assert MAP_OF_WORDS.search(template.read_text(encoding="utf-8")) is None
