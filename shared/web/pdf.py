"""PDF documents made from templates, tagged for screen readers (PDF/UA)."""

import asyncio
from pathlib import Path
from typing import Any, Final

from litestar import Request, Response
from litestar.response import Template

from shared.masking import covered
from shared.web import assets
from shared.web.middleware import own_links

PDF: Final = "application/pdf"
LAYOUT: Final = "layouts/paper.html"
STYLES: Final = Path(__file__).parent / "templates" / "layouts" / "paper.css"


async def render_pdf(request: Request[Any, Any, Any], page: Template, *, name: str) -> Response[bytes]:
    """Return a page as a PDF; its template extends the variable `layout`. `name` is the file's, without its suffix.

    Rendering takes some tenths of a second and runs in a thread.
    """
    engine = request.app.template_engine
    if engine is None or page.template_name is None:
        raise RuntimeError("a document needs a template")
    html = engine.get_template(page.template_name).render({**page.context, "layout": LAYOUT})
    return Response(
        await asyncio.to_thread(_pdf, covered(html.encode(), but=own_links(request.scope)).decode()),
        media_type=PDF,
        headers={"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"},
    )


def _pdf(html: str) -> bytes:
    # Imported here: it takes a second, which a service's start need not wait for. It has no types.
    from weasyprint import CSS, HTML  # type: ignore[import-untyped] # noqa: PLC0415
    from weasyprint.text.fonts import FontConfiguration  # type: ignore[import-untyped] # noqa: PLC0415
    from weasyprint.urls import URLFetcher  # type: ignore[import-untyped] # noqa: PLC0415

    ours = URLFetcher(allowed_protocols=("file",))
    fonts = FontConfiguration()
    base = f"{assets.folder().as_uri()}/"
    styles = CSS(string=STYLES.read_text(encoding="utf-8"), base_url=base, font_config=fonts, url_fetcher=ours)
    content: bytes = HTML(string=html, base_url=base, url_fetcher=ours).write_pdf(
        stylesheets=[styles], font_config=fonts, pdf_variant="pdf/ua-1"
    )
    return content
