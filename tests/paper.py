"""Reading the PDFs that the product makes."""

import io

import httpx2
from pypdf import PdfReader


def words_of(answer: httpx2.Response) -> str:
    """Give the text of an answer that is a tagged PDF in French, blanks made one."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    reader = PdfReader(io.BytesIO(answer.content))
    root = reader.root_object
    assert root["/MarkInfo"]["/Marked"]  # type: ignore[index] # a dictionary of the PDF
    assert str(root["/Lang"]) == "fr"
    assert reader.metadata is not None
    assert reader.metadata.title
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())
