"""Pages that preview mail templates with examples or with a real request."""

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Template

from services.notifications.reads.samples import latest_mails, latest_requests, request_numbered
from services.notifications.store.contacts import contacts
from services.notifications.usecases.deliveries import mailbox, service_in_charge
from services.notifications.web import words
from services.notifications.web.context import AgentContext
from services.notifications.web.pages.messages import mail_alone
from services.notifications.web.samples import FICTITIOUS, About, example_words, template_view, template_views
from shared import clock
from shared.web.pages import render


@get("/modeles")
async def show_templates(context: NamedDependency[AgentContext]) -> Template:
    """List the templates."""
    return render(
        context.request,
        "templates/list.html",
        views=template_views(context.parts.renderer),
        audience_words=words.AUDIENCE,
        cadence_words=words.CADENCE,
    )


@get("/modeles/{name:str}")
async def show_template(
    context: NamedDependency[AgentContext],
    name: FromPath[str],
    exemple: FromQuery[int] = 0,
    demande: FromQuery[str] = "",
) -> Template:
    """Show a template filled with an example, about a real request if one is chosen."""
    about = await about_request(context, demande)
    view = template_view(context.parts.renderer, name, number=max(exemple, 0), about=about or FICTITIOUS)
    requests = await latest_requests(context.database, context.perimeter)
    if about and about.request not in requests:
        requests.insert(0, about.request)
    return render(
        context.request,
        "templates/detail.html",
        view=view,
        at=clock.now(),
        audience_words=words.AUDIENCE,
        status_words=words.STATUS,
        examples=example_words(name),
        chosen=max(exemple, 0),
        about=about.request if about else None,
        unknown=demande if demande and about is None else None,
        choices=[(known.number, f"{known.number} – {known.applicant}") for known in requests],
        written=await latest_mails(context.database, name, context.perimeter),
    )


@get("/modeles/{name:str}/apercu")
async def show_template_mail(
    context: NamedDependency[AgentContext],
    name: FromPath[str],
    exemple: FromQuery[int] = 0,
    demande: FromQuery[str] = "",
) -> Response[str]:
    """Show the formatted mail of a template alone."""
    about = await about_request(context, demande)
    view = template_view(context.parts.renderer, name, number=max(exemple, 0), about=about or FICTITIOUS)
    return mail_alone(view.html or "")


async def about_request(context: AgentContext, number: str) -> About | None:
    """Find what an example is filled with: a request of the agent's perimeter and the service in charge of it."""
    reader, number = context.database, number.strip()
    known = await request_numbered(reader, number, context.perimeter) if number else None
    if known is None:
        return None
    entered = await contacts(reader, [mailbox("departement", known.departement)])
    return About(known, await service_in_charge(reader, known.departement, context.parts.directory, entered))
