"""Files of forms that are refused before their route was reached."""

import gc
from tempfile import SpooledTemporaryFile

from litestar import Litestar, post
from litestar.config.csrf import CSRFConfig
from litestar.testing import TestClient

from shared.web.middleware import RequestMiddleware


def _open_files() -> set[int]:
    return {id(one) for one in gc.get_objects() if isinstance(one, SpooledTemporaryFile) and not one.closed}


@post("/")
async def take() -> None:
    """Take nothing."""


def test_the_files_of_a_form_without_its_token_are_closed() -> None:
    app = Litestar([take], csrf_config=CSRFConfig(secret="s" * 32))
    app.asgi_handler = RequestMiddleware(app.asgi_handler, service="test")
    before = _open_files()
    gc.disable()
    try:
        with TestClient(app) as client:
            assert client.post("/", files={"document": ("plan.pdf", b"%PDF-1.7")}).status_code == 403
        assert _open_files() <= before
    finally:
        gc.enable()
