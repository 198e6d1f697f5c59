"""Pages of agents: the messages, one message, the templates, the preferences."""

from typing import Any
from uuid import UUID

from litestar import Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.response import Redirect, Template
from litestar.types import ControllerRouterHandler
from pydantic import BaseModel, Field

from services.notifications import addresses, reads, usecases
from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Cadence
from services.notifications.office import Office
from services.notifications.reads import Filters
from services.notifications.usecases.preferences import Choice, Destination
from services.notifications.web import words
from services.notifications.web.choices import ChoiceView, choice_views
from services.notifications.web.views import delivery_view, template_view, template_views
from shared import clock
from shared.contracts.notifications import Audience
from shared.db import Cause, Database, Reader, Transaction
from shared.errors import Refusal
from shared.identity.model import DEPARTEMENTAL, NATIONAL, Agent
from shared.web.forms import Form, read_form, submit_once
from shared.web.pages import flash, render
from shared.web.paging import Page

Web = Request[Any, Any, Any]

ONLY_THE_MAIL = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'"
"""What a mail may do when it is looked at: nothing but be read."""


@get("/")
async def show_messages(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    paging: NamedDependency[Page],
    request_id: FromQuery[UUID | None] = None,
    status: FromQuery[str] = "",
    audience: FromQuery[str] = "",
    q: FromQuery[str] = "",
) -> Template:
    """List the messages of the agent's perimeter, newest first."""
    filters = Filters(
        request_id=request_id,
        status=status if status in words.STATUS else None,
        audience=audience if audience in words.AUDIENCE else None,
        q=q.strip() or None,
    )
    lines, total = await reads.deliveries(database, agent.perimeter, filters, paging)
    counts = await reads.counts(database, agent.perimeter)
    return render(
        request,
        "messages/list.html",
        lines=lines,
        total=total,
        paging=paging,
        counts=[(state, *words.STATUS[state], counts.get(state, 0)) for state in words.STATUS],
        status_words=words.STATUS,
        audience_words=words.AUDIENCE,
        status_options=[(state, word) for state, (word, _) in words.STATUS.items()],
        audience_options=list(words.AUDIENCE.items()),
        filtered=filters != Filters(),
    )


@get("/messages/{delivery_id:uuid}")
async def show_message(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    office: NamedDependency[Office],
    delivery_id: FromPath[UUID],
) -> Template:
    """Show one message as it is sent, its attempts, and what may be done."""
    return await _message_page(request, database, delivery_id, agent, office)


async def _message_page(
    request: Web,
    reader: Reader,
    delivery_id: UUID,
    agent: Agent,
    office: Office,
    *,
    errors: dict[str, str] | None = None,
) -> Template:
    line = await reads.delivery(reader, delivery_id, agent.perimeter)
    attempts = (await reads.attempts(reader, [delivery_id]))[delivery_id]
    body = await reads.body(reader, delivery_id)
    return render(
        request,
        "messages/detail.html",
        status_code=409 if errors else 200,
        message=delivery_view(line, attempts, agent, at=clock.now()),
        text=addresses.hide(body.text, delivery_id, behind="[lien personnel du destinataire, masqué ici]"),
        errors=errors or {},
        dossier=_dossier(line.request_id, agent, office),
        status_words=words.STATUS,
        result_words=words.RESULT,
        audience_words=words.AUDIENCE,
        template_words=words.template_words(),
    )


def _dossier(request_id: UUID | None, agent: Agent, office: Office) -> str | None:
    """Say where this agent finds the dossier, if he has one to open."""
    if request_id is None or not (agent.roles & (DEPARTEMENTAL | NATIONAL)):
        return None
    return office.addresses.open("case" if agent.roles & DEPARTEMENTAL else "escalation", str(request_id))


@get("/messages/{delivery_id:uuid}/apercu")
async def show_mail(
    agent: NamedDependency[Agent], database: NamedDependency[Database], delivery_id: FromPath[UUID]
) -> Response[str]:
    """Show the formatted mail alone, where it can do nothing."""
    await reads.delivery(database, delivery_id, agent.perimeter)
    body = await reads.body(database, delivery_id)
    return _mail(addresses.hide(body.html, delivery_id))


class Nothing(BaseModel):
    """A form that is one button."""


@post("/messages/{delivery_id:uuid}/renvoi")
async def resend(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
    office: NamedDependency[Office],
    delivery_id: FromPath[UUID],
) -> Redirect | Template:
    """Send a message again."""
    form = await read_form(request, Nothing)

    async def act(tx: Transaction) -> str:
        await usecases.resend(tx, delivery_id, by=agent, at=clock.now(), office=office)
        flash(request, "Le message est de nouveau dans la file d’envoi.")
        return f"/messages/{delivery_id}"

    try:
        return await submit_once(database, form, act, cause=cause)
    except Refusal as refusal:
        form.refuse(refusal)
        return await _message_page(request, database, delivery_id, agent, office, errors=form.errors)


@get("/modeles")
async def show_templates(request: Web, office: NamedDependency[Office]) -> Template:
    """List the templates."""
    return render(request, "templates/list.html", views=template_views(office.letters), audience_words=words.AUDIENCE)


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
    return _mail(template_view(office.letters, name).html or "")


def _mail(html: str) -> Response[str]:
    return Response(html, media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": ONLY_THE_MAIL})


class ChoiceForm(BaseModel):
    """One line of the preferences."""

    audience: Audience
    destination: Destination
    scope: str | None = Field(default=None, max_length=40)
    template: str
    cadence: Cadence
    hour: int = Field(default=MORNING, ge=0, le=23)
    weekday: int = Field(default=MONDAY, ge=0, le=6)


class ExceptionForm(BaseModel):
    """A rule of its own for one sort of message; `place` is the number of the line that it refines."""

    place: int | None = Field(default=None, ge=0)
    template: str | None = None
    cadence: Cadence | None = None


class ChoicesForm(BaseModel):
    """The whole page."""

    items: list[ChoiceForm] = Field(default_factory=list, max_length=200)
    exception: ExceptionForm = ExceptionForm()


@get("/preferences")
async def show_preferences(
    request: Web, agent: NamedDependency[Agent], database: NamedDependency[Database]
) -> Template:
    """Show how the agent's mail comes."""
    return _preferences_page(request, await choice_views(database, agent))


def _preferences_page(request: Web, choices: list[ChoiceView], form: Form[ChoicesForm] | None = None) -> Template:
    kept = {
        f"items.{number}.{name}": value
        for number, choice in enumerate(choices)
        for name, value in choice.model_dump(include={"cadence", "hour", "weekday"}).items()
    }
    titles = words.template_words()
    return render(
        request,
        "preferences.html",
        status_code=400 if form else 200,
        choices=choices,
        titles=[_place(choice) + _sort(choice, titles) for choice in choices],
        values={**kept, **form.values} if form else kept,
        errors=form.errors if form else {},
        audience_words=words.AUDIENCE,
        cadence_words=words.CADENCE,
        weekdays=list(enumerate(words.WEEKDAYS)),
        hours=[(hour, f"{hour}\u00a0h") for hour in range(24)],
        places=[(number, _place(choice)) for number, choice in enumerate(choices) if choice.template == EVERY_TEMPLATE],
        template_options=sorted(
            {(name, titles[name]) for choice in choices for name in choice.templates}, key=lambda item: item[1]
        ),
        template_words=titles,
    )


def _place(choice: ChoiceView) -> str:
    """Say what a line is about."""
    where = "Copie à votre adresse" if choice.destination == "personal" else "Boîte du service"
    scope = f" ({choice.scope})" if choice.scope else ""
    return f"{where} – {words.AUDIENCE[choice.audience]}{scope}"


def _sort(choice: ChoiceView, titles: dict[str, str]) -> str:
    """Say which messages a line is about, when it is not all of them."""
    return "" if choice.template == EVERY_TEMPLATE else f" – {titles[choice.template]}"


@post("/preferences")
async def set_preferences(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Redirect | Template:
    """Keep the choices."""
    form = await read_form(request, ChoicesForm)
    if form.model is None:
        return _preferences_page(request, await choice_views(database, agent), form)
    choices = _choices(form.model)

    async def act(tx: Transaction) -> str:
        await usecases.choose(tx, choices, by=agent, at=clock.now())
        flash(request, "Vos préférences sont enregistrées. Elles valent pour les prochains messages.")
        return "/preferences"

    try:
        return await submit_once(database, form, act, cause=cause)
    except Refusal as refusal:
        form.refuse(refusal)
        return _preferences_page(request, await choice_views(database, agent), form)


def _choices(sent: ChoicesForm) -> list[Choice]:
    """Read the page: every line, and the new exception if one was made."""
    choices = [Choice(**item.model_dump()) for item in sent.items]
    new = sent.exception
    if new.template and new.cadence and new.place is not None and new.place < len(choices):
        refined = choices[new.place]
        choices.append(
            Choice(
                audience=refined.audience,
                cadence=new.cadence,
                destination=refined.destination,
                template=new.template,
                scope=refined.scope,
                hour=refined.hour,
                weekday=refined.weekday,
            )
        )
    return choices


routes: list[ControllerRouterHandler] = [
    show_messages,
    show_message,
    show_mail,
    resend,
    show_templates,
    show_template,
    show_template_mail,
    show_preferences,
    set_preferences,
]
