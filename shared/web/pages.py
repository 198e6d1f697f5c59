"""Pages: a template with what every page needs around it, and the sentences that follow a redirect."""
# interface only; the body follows

from typing import Any

from litestar import Request
from litestar.response import Redirect, Template


def render(
    request: Request[Any, Any, Any], template: str, *, status_code: int = 200, **context: object
) -> Template:
    """Show a template; adds `service`, `agent`, `csrf_token`, `form_key`, `flash`, `navigation`, `static`, `request`."""
    raise NotImplementedError


def flash(request: Request[Any, Any, Any], text: str, level: str = "success") -> None:
    """Keep a French sentence for the next page; levels: success, info, warning, danger."""
    raise NotImplementedError


def redirect(path: str) -> Redirect:
    """See other (303): where the browser goes after a form."""
    raise NotImplementedError
