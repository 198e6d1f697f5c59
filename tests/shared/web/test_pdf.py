"""Long documents are laid out by a process of their own, short ones in a thread; both are tagged."""

import io

import pytest
from pypdf import PdfReader

from shared.web import pdf
from shared.web.assets import ROOT
from shared.web.pdf import LONG, TooLongToPrint, TypesettingFailed, pdf_of

PAGE = "<!doctype html><html lang='fr'><head><title>Dossier</title></head><body><main>{}</main></body></html>"


def pages(content: bytes) -> list[str]:
    """Give the text of each page of a tagged PDF."""
    reader = PdfReader(io.BytesIO(content))
    assert reader.root_object["/MarkInfo"]["/Marked"]  # type: ignore[index] # a dictionary of the PDF
    return [page.extract_text() for page in reader.pages]


async def test_a_short_document_is_made_here(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nowhere(*_: object, **__: object) -> None:
        raise AssertionError("no process is needed")

    monkeypatch.setattr(pdf, "typeset", nowhere)
    assert "Bonjour" in pages(await pdf_of(PAGE.format("<p>Bonjour</p>")))[0]


async def test_a_long_document_is_whole() -> None:
    paragraphs = "".join(f"<p>Message {number} {'mot ' * 100}</p>" for number in range(LONG // 400))
    found = pages(await pdf_of(PAGE.format(paragraphs)))
    assert len(found) > 20
    assert "Message 0 " in found[0]
    assert f"Message {LONG // 400 - 1} " in " ".join(found[-2:]).replace("\n", " ")


async def test_a_document_that_cannot_be_made_in_time_is_refused_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(*_: object, **__: object) -> None:
        raise TypesettingFailed("not made within 300 s")

    monkeypatch.setattr(pdf, "typeset", never)
    with pytest.raises(TooLongToPrint):
        await pdf_of(PAGE.format("x" * LONG))


@pytest.mark.parametrize("above", [170, 180, 190])
async def test_a_heading_goes_to_the_next_page_with_its_table(above: int) -> None:
    css = (ROOT / "shared/web/templates/layouts/paper.css").read_text(encoding="utf-8")
    table = "<table><caption class='visually-hidden'>Moyens</caption><tbody><tr><td>Bureau</td></tr></tbody></table>"
    signing = "<section class='signing'><div class='signatures'><div class='signature'><p>Nom</p></div></div></section>"
    style = f"<style>{css.replace('Atkinson', 'sans-serif')}</style>"
    body = f"{style}<div style='height: {above}mm'>Bilan</div><h2>Titre</h2>{table}{signing}"
    first, last = pages(await pdf_of(PAGE.format(body)))
    assert "Titre" not in first
    assert last.index("Titre") < last.index("Bureau") < last.index("Nom")
