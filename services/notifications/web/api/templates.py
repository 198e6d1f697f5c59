"""Templates by program, filled with examples."""

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromPath

from services.notifications.usecases.parts import Parts
from services.notifications.web.views import TemplateView, template_view, template_views
from shared.web.paging import Page, Paged


@get("/templates")
async def list_templates(parts: NamedDependency[Parts], paging: NamedDependency[Page]) -> Paged[TemplateView]:
    """List the templates with the subject of their example."""
    views = template_views(parts.renderer)
    shown = views[paging.offset : paging.offset + paging.limit]
    return Paged[TemplateView](items=shown, total=len(views), page=paging.number)


@get("/templates/{name:str}")
async def show_template(parts: NamedDependency[Parts], name: FromPath[str]) -> TemplateView:
    """Show one template, filled with an example."""
    return template_view(parts.renderer, name)
