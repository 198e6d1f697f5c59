"""The templates, filled with examples."""

from typing import Any

from litestar import Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Template

from services.notifications.office import Office
from services.notifications.web import words
from services.notifications.web.pages.messages import mail_alone
from services.notifications.web.views import template_view, template_views
from shared import clock
from shared.web.pages import render

Web = Request[Any, Any, Any]


@get("/modeles")
async def show_templates(request: Web, office: NamedDependency[Office]) -> Template:
    """List the templates."""
    return render(
        request,
        "templates/list.html",
        views=template_views(office.letters),
        audience_words=words.AUDIENCE,
        cadence_words=words.CADENCE,
    )


@get("/modeles/{name:str}")
async def show_template(request: Web, office: NamedDependency[Office], name: FromPath[str]) -> Template:
    """Show a template filled with an example."""
    return render(
        request,
        "templates/detail.html",
        view=template_view(office.letters, name),
        at=clock.now(),
        audience_words=words.AUDIENCE,
    )


@get("/modeles/{name:str}/apercu")
async def show_template_mail(office: NamedDependency[Office], name: FromPath[str]) -> Response[str]:
    """Show the formatted mail of a template alone."""
    return mail_alone(template_view(office.letters, name).html or "")
