"""How agents want their mail, and who reads it while they are away."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Request, get, post
from litestar.di import NamedDependency
from litestar.response import Redirect, Template
from pydantic import BaseModel, Field

from services.notifications.domain.preferences import EVERY_TEMPLATE, MONDAY, MORNING, Absence, Cadence
from services.notifications.usecases import absence as absence_usecases
from services.notifications.usecases.preferences import Choice, Destination, choose
from services.notifications.web import words
from services.notifications.web.choices import AbsenceView, ChoiceView, absence_view, choice_views, today_of
from shared import clock
from shared.contracts.notifications import Audience
from shared.db import Cause, Database, Transaction
from shared.french.dates import WEEKDAYS
from shared.identity.model import Agent
from shared.web.forms import Form, read_form, submit, submit_once
from shared.web.pages import flash, render

Web = Request[Any, Any, Any]


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


class AbsenceForm(BaseModel):
    """The card about one's absence."""

    from_on: date
    until_on: date
    stand_in: UUID | None = None


class Nothing(BaseModel):
    """A form that is one button."""


@get("/preferences")
async def show_preferences(
    request: Web, agent: NamedDependency[Agent], database: NamedDependency[Database]
) -> Template:
    """Show how the agent's mail comes."""
    return await _page(request, database, agent)


async def _page(
    request: Web,
    database: Database,
    agent: Agent,
    *,
    choices: Form[ChoicesForm] | None = None,
    absence: Form[AbsenceForm] | None = None,
    status: int = 200,
) -> Template:
    views = await choice_views(database, agent)
    away = await absence_view(database, agent, at=clock.now())
    return _preferences_page(request, views, away, choices, absence, status)


def _preferences_page(
    request: Web,
    choices: list[ChoiceView],
    away: AbsenceView,
    form: Form[ChoicesForm] | None,
    absence: Form[AbsenceForm] | None,
    status: int,
) -> Template:
    kept = {
        f"items.{number}.{name}": value
        for number, choice in enumerate(choices)
        for name, value in choice.model_dump(include={"cadence", "hour", "weekday"}).items()
    }
    titles = words.template_words()
    refused = form or absence
    known = {"from_on": away.from_on, "until_on": away.until_on, "stand_in": away.stand_in}
    return render(
        request,
        "preferences.html",
        status_code=status,
        choices=choices,
        titles=[_place(choice) + _sort(choice, titles) for choice in choices],
        values={**kept, **form.values} if form else kept,
        errors=refused.errors if refused else {},
        away=away,
        colleagues=[(str(colleague.id), colleague.name) for colleague in away.colleagues],
        absence_values=absence.values if absence else known,
        audience_words=words.AUDIENCE,
        cadence_words=words.CADENCE,
        weekdays=list(enumerate(WEEKDAYS)),
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

    async def act(tx: Transaction, sent: ChoicesForm) -> str:
        await choose(tx, _choices(sent), by=agent, at=clock.now())
        return "/preferences"

    async def again(status: int) -> Template:
        return await _page(request, database, agent, choices=form, status=status)

    said = "Vos préférences sont enregistrées. Elles valent pour les prochains messages."
    return await submit(request, database, cause, form, act, again=again, said=said)


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


@post("/preferences/absence")
async def be_away(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Redirect | Template:
    """Keep when the agent is away."""
    form = await read_form(request, AbsenceForm)

    async def act(tx: Transaction, typed: AbsenceForm) -> str:
        now = clock.now()
        await absence_usecases.be_away(tx, Absence(**typed.model_dump()), by=agent, today=today_of(agent, now), at=now)
        return "/preferences"

    async def again(status: int) -> Template:
        return await _page(request, database, agent, absence=form, status=status)

    said = "Votre absence est enregistrée."
    return await submit(request, database, cause, form, act, again=again, said=said)


@post("/preferences/retour")
async def be_back(
    request: Web,
    agent: NamedDependency[Agent],
    database: NamedDependency[Database],
    cause: NamedDependency[Cause],
) -> Redirect:
    """End the absence."""

    async def act(tx: Transaction) -> str:
        await absence_usecases.be_back(tx, by=agent)
        flash(request, "Vos copies vous parviennent de nouveau.")
        return "/preferences"

    return await submit_once(database, await read_form(request, Nothing), act, cause=cause)
