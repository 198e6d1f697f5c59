"""PDF documents made from templates, tagged for screen readers (PDF/UA)."""

import asyncio
import os
import sys
from asyncio.subprocess import PIPE
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Template

from shared.errors import Unavailable
from shared.masking import covered
from shared.web import assets
from shared.web.middleware import own_links

PDF: Final = "application/pdf"
LAYOUT: Final = "layouts/paper.html"
STYLES: Final = Path(__file__).parent / "templates" / "layouts" / "paper.css"

LONG: Final = 100_000
"""Characters of HTML from which a document is long: a thread that lays it out would hold up others for seconds."""
LONGEST: Final = 480.0
"""Seconds that a long document may take; less than after which it is begun again."""
_NEEDED: Final = ("PATH", "PYTHONPATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "FONTCONFIG_FILE", "XDG_CACHE_HOME")
"""Variables of the process that makes a long document."""


class TypesettingFailed(Exception):
    """A document could not be made."""


class TooLongToPrint(Unavailable):
    """A document is too long to be laid out in time (HTTP 503)."""

    code = "too_long_to_print"
    title = "The document is too long to be made as PDF now"
    sentence = (
        "Ce document est trop long pour être mis en page maintenant. Servez-vous de la version à imprimer, ou "
        "réessayez plus tard."
    )


_long_ones: Final = asyncio.Semaphore(2)
"""Processes that lay out long documents at the same time."""


async def render_pdf(request: Request[Any, Any, Any], page: Template, *, name: str) -> Response[bytes]:
    """Return a page as a PDF; its template extends the variable `layout`. `name` is the file's, without its suffix.

    Rendering takes some tenths of a second and runs in a thread.
    """
    return as_pdf(await pdf_of_page(request, page), name=name)


async def pdf_of_page(request: Request[Any, Any, Any], page: Template) -> bytes:
    """Return the bytes of the same."""
    engine = request.app.template_engine
    if engine is None or page.template_name is None:
        raise RuntimeError("a document needs a template")
    html = engine.get_template(page.template_name).render({**page.context, "layout": LAYOUT})
    return await pdf_of(html, but=own_links(request.scope), address=request.app.state["public_url"])


async def pdf_of(html: str, *, but: Collection[str] = (), address: str = "") -> bytes:
    """Return an HTML document as a PDF, whose links lead to pages below `address`.

    Secret links in its texts are covered, except `but`. It is made in a thread, or, where it is long, by a process of
    its own, two of them at a time. Refuses (`TooLongToPrint`) what takes too long.
    """
    shown = covered(html.encode(), but=but).decode()
    if len(shown) < LONG:
        return await asyncio.to_thread(_pdf, shown, address)
    try:
        async with _long_ones:
            return (await typeset(shown, address=address)).content
    except TypesettingFailed as failure:
        raise TooLongToPrint from failure


def as_pdf(content: bytes, *, name: str) -> Response[bytes]:
    """Answer with a PDF that was made just now or kept; `name` is the file's, without its suffix."""
    return Response(
        content,
        media_type=PDF,
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"},
    )


@dataclass(frozen=True, slots=True)
class Paper:
    """A PDF and the number of its pages."""

    content: bytes
    pages: int


async def typeset(html: str, *, address: str) -> Paper:
    """Return a long document as a PDF, made by a process of its own at low priority; raises `TypesettingFailed`.

    Its links lead to pages below `address`. The process ends with this call, also when the call is cancelled.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", __name__, address, stdin=PIPE, stdout=PIPE, stderr=PIPE, env=_environment_of_child()
    )
    try:
        async with asyncio.timeout(LONGEST):
            content, said = await process.communicate(html.encode())
    except TimeoutError:
        raise TypesettingFailed(f"not made within {LONGEST} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode != 0:
        raise TypesettingFailed(said.decode(errors="replace")[-2000:])
    pages, _, document = content.partition(b"\n")
    return Paper(document, int(pages))


def _environment_of_child() -> dict[str, str]:
    """Return the variables that the process needs: none with a secret."""
    return {name: os.environ[name] for name in _NEEDED if name in os.environ}


def _pdf(html: str, address: str) -> bytes:
    return _laid_out(html, address)[0]


def _laid_out(html: str, address: str) -> tuple[bytes, int]:
    """Return the PDF and its number of pages; links lead to pages below `address`."""
    # Imported here: it takes a second, which a service's start need not wait for. It has no types.
    from weasyprint import CSS, HTML  # type: ignore[import-untyped] # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped] # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # type: ignore[import-untyped] # noqa: PLC0415

    ours = URLFetcher(allowed_protocols=("file",))
    fonts = FontConfiguration()
    base = f"{assets.folder().as_uri()}/"
    styles = CSS(string=STYLES.read_text(encoding="utf-8"), base_url=base, font_config=fonts, url_fetcher=ours)
    document = HTML(string=html, base_url=f"{address}/", url_fetcher=ours).render(
        stylesheets=[styles], font_config=fonts
    )
    return document.write_pdf(pdf_variant="pdf/ua-1"), len(document.pages)


def main() -> None:
    """Read HTML from standard input; write the number of pages, a newline, and the PDF."""
    os.nice(10)
    content, pages = _laid_out(sys.stdin.buffer.read().decode(), sys.argv[1])
    sys.stdout.buffer.write(b"%d\n" % pages + content)


if __name__ == "__main__":
    main()
