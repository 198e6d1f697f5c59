"""`python -m tests.bench.report TALLY`: write docs/performance.md, in the peers' environment, which can draw."""

import sys
from pathlib import Path

from tests.bench.hop.contestants import ROOT
from tests.bench.report import aims, france, hop, life, machine, product, words
from tests.bench.tally import Tally

DOCUMENT = ROOT / "docs" / "performance.md"
DRAWINGS = ROOT / "docs" / "images"


def main(book: Path) -> None:
    """Write it."""
    tally = Tally(book)
    DRAWINGS.mkdir(exist_ok=True)
    sections = [
        words.prose("introduction"),
        machine.section(tally),
        aims.section(tally),
        *hop.sections(tally, DRAWINGS),
        *life.sections(tally, DRAWINGS),
        *product.sections(tally),
        france.section(tally),
    ]
    DOCUMENT.write_text("\n".join(one.rstrip() + "\n" for one in sections if one))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
