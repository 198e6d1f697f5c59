"""Page of an agent's mail preferences and absence."""

from litestar.response import Template
from pydantic import Field, model_validator

from services.notifications.domain.preferences import EVERY_TEMPLATE, Cadence
from services.notifications.usecases.absence import SetAbsence
from services.notifications.usecases.preferences import Choice, Choose
from services.notifications.web import words
from services.notifications.web.choices import ChoiceView, absence_view, choice_views
from services.notifications.web.context import AgentContext
from shared.commands import Command
from shared.french.dates import WEEKDAYS
from shared.web.actions import Refused
from shared.web.pages import render


class ExceptionForm(Command):
    """A rule of its own for one sort of message; `place` is the number of the line that it refines."""

    place: int | None = Field(default=None, ge=0)
    template: str | None = None
    cadence: Cadence | None = None


class ChoicesForm(Choose):
    """The whole page: every line, and a new exception to one of them."""

    items: list[Choice] = Field(default_factory=list, max_length=200)
    exception: ExceptionForm = Field(default_factory=ExceptionForm)

    @model_validator(mode="after")
    def _with_the_exception(self) -> "ChoicesForm":
        new = self.exception
        if new.template and new.cadence and new.place is not None and new.place < len(self.items):
            refined = self.items[new.place]
            self.items.append(refined.model_copy(update={"cadence": new.cadence, "template": new.template}))
        return self


async def show_preferences(context: AgentContext, *, refused: Refused | None = None) -> Template:
    """Show how the agent's mail comes."""
    choices = await choice_views(context.database, context.agent)
    away = await absence_view(context, context.database)
    stored = {
        f"items.{number}.{name}": value
        for number, choice in enumerate(choices)
        for name, value in choice.model_dump(include={"cadence", "hour", "weekday"}).items()
    }
    titles = words.template_words()
    typed = dict(refused.form.values) if refused else {}
    about_absence = refused is not None and refused.action.command is SetAbsence
    known = {"from_on": away.from_on, "until_on": away.until_on, "stand_in": away.stand_in}
    return render(
        context.request,
        "preferences.html",
        status_code=refused.status if refused else 200,
        choices=choices,
        titles=[_place(choice) + _sort(choice, titles) for choice in choices],
        values=stored if about_absence else {**stored, **typed},
        errors=refused.form.errors if refused else {},
        away=away,
        colleagues=[(str(colleague.id), colleague.name) for colleague in away.colleagues],
        absence_values=typed if about_absence else known,
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
    """Return what a line is about."""
    where = "Copie à votre adresse" if choice.destination == "personal" else "Boîte du service"
    scope = f" ({choice.scope})" if choice.scope else ""
    return f"{where} – {words.AUDIENCE[choice.audience]}{scope}"


def _sort(choice: ChoiceView, titles: dict[str, str]) -> str:
    """Return which messages a line is about, when it is not all of them."""
    return "" if choice.template == EVERY_TEMPLATE else f" – {titles[choice.template]}"
