"""Every event that was ever published can still be read, and says what it said.

The files in `golden/` are never changed. A new fact gets a new file (`python -m tests.contracts.test_golden_files`
writes those that are missing); a changed meaning gets a new version of the type.
"""

import json
from pathlib import Path

import pytest

from shared.contracts import BY_TYPE, FACTS
from tests.contracts.examples import EXAMPLES

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.json"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_was_published_is_read_and_says_the_same(file: Path) -> None:
    published = json.loads(file.read_text(encoding="utf-8"))
    read = BY_TYPE[file.stem].model_validate(published).model_dump(mode="json")
    assert contains(read, published)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_members_added_later_do_not_disturb_a_reader_of_today(file: Path) -> None:
    published = json.loads(file.read_text(encoding="utf-8"))
    fact = BY_TYPE[file.stem]
    assert fact.model_validate(published | {"added_later": {"x": 1}}) == fact.model_validate(published)


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.wire_type)
def test_each_fact_has_its_golden_file(fact: type) -> None:
    assert (GOLDEN / f"{fact.wire_type}.json").exists()  # type: ignore[attr-defined] # parametrised with facts only


def test_wire_types_are_unique() -> None:
    assert len(BY_TYPE) == len(FACTS)


@pytest.mark.parametrize("example", EXAMPLES.values(), ids=lambda example: example.wire_type)
def test_the_routing_key_has_service_fact_and_departement(example: object) -> None:
    key = example.routing_key.split(".")  # type: ignore[attr-defined] # parametrised with facts only
    assert len(key) == 3
    assert key[2] in {"95", "78"}


def contains(whole: object, part: object) -> bool:
    """Tell whether all that `part` says is said by `whole`."""
    match whole, part:
        case dict(), dict():
            return all(name in whole and contains(whole[name], value) for name, value in part.items())
        case list(), list():
            return len(whole) == len(part) and all(map(contains, whole, part))
        case _:
            return whole == part


if __name__ == "__main__":
    for wire_type, example in EXAMPLES.items():
        target = GOLDEN / f"{wire_type}.json"
        if not target.exists():
            text = json.dumps(example.model_dump(mode="json"), ensure_ascii=False, indent=2, sort_keys=True)
            target.write_text(text + "\n", encoding="utf-8")
