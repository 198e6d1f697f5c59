"""Templates by program, filled with examples."""

from typing import Literal

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath
from pydantic import BaseModel

from services.notifications.office import Office
from services.notifications.web.views import TemplateView, template_view, template_views


class TemplatesView(BaseModel):
    """All templates."""

    items: list[TemplateView]
    total: int
    page: Literal[1] = 1


@get("/templates")
async def list_templates(office: NamedDependency[Office]) -> TemplatesView:
    """List the templates with the subject of their example."""
    views = template_views(office.letters)
    return TemplatesView(items=views, total=len(views))


@get("/templates/{name:str}")
async def show_template(office: NamedDependency[Office], name: FromPath[str]) -> TemplateView:
    """Show one template, filled with an example."""
    return template_view(office.letters, name)
