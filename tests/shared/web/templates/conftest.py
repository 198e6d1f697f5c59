"""Fixture: the gallery, served with the product's content security policy."""

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, sync_playwright

from shared.web import assets
from tests.chromium import LAUNCH
from tests.shared.web.templates import gallery

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
TERRITORIES = (
    b'{"items": [{"kind": "commune", "code": "95127", "name": "Cergy", "departement": "95", "population": 69578},'
    b' {"kind": "commune", "code": "55092", "name": "Cergy-la-Vieille", "departement": "55", "population": 1}],'
    b' "total": 2, "page": 1}'
)


class GalleryHandler(SimpleHTTPRequestHandler):
    """Serves gallery pages, static files, and a small list of territories."""

    def log_message(self, *_: Any) -> None:
        """Stay silent."""

    def end_headers(self) -> None:
        """Send the content policy with everything."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def do_GET(self) -> None:
        """Answer a page by its name, else a file."""
        name = urlsplit(self.path).path.strip("/")
        if name in gallery.PAGES:
            self._answer(gallery.render(name).encode(), "text/html; charset=utf-8")
        elif name == "api/v1/territories":
            self._answer(TERRITORIES, "application/json")
        else:
            super().do_GET()

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture(scope="session")
def gallery_address() -> Iterator[str]:
    """Serve the gallery while tests last, and give its address."""
    assets.gather()
    handler = partial(GalleryHandler, directory=str(assets.folder().parent))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Start Chromium once for a module; its event loop must be gone before asynchronous tests go on."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(**LAUNCH)
        yield opened
        opened.close()
