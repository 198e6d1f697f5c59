"""Previews of mail templates filled with examples, for pages and API."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from services.notifications.domain.audiences import Channel, Mail, templates
from services.notifications.domain.directory import ServiceInCharge
from services.notifications.domain.mail_text import WRITE_ABOVE
from services.notifications.domain.preferences import Cadence
from services.notifications.rendering import examples
from services.notifications.rendering.renderer import MailRenderer, RenderedMail
from services.notifications.store.requests import KnownRequest
from shared import clock
from shared.contracts.fact import Fact
from shared.contracts.notifications import Audience
from shared.errors import NotFound
from shared.french.words import event_word, word


class TemplateView(BaseModel):
    """One row of the table of audiences, and what it looks like for an example.

    `cadence`: when it leaves for a team that has chosen nothing.
    """

    name: str
    audience: Audience
    channels: list[Channel]
    cadence: Cadence
    event_type: str
    label: str
    subject: str
    text: str | None = None
    html: str | None = None


EXAMPLE_LINK = "https://exemple.test/lien-personnel"


@dataclass(frozen=True, slots=True)
class About:
    """What an example is filled with: a request, and the service that has it in charge."""

    request: KnownRequest = examples.KNOWN
    service: ServiceInCharge = examples.SERVICE


FICTITIOUS = About()


def example(renderer: MailRenderer, fact: Fact, template: str, about: About = FICTITIOUS) -> RenderedMail:
    """Write an example of a template."""
    context = {
        "fact": fact.model_copy(update={"departement": about.request.departement}),
        "request": about.request,
        "service": about.service,
        "instead_of": None,
        "follower": None,
        "attached": True,
        "write_above": WRITE_ABOVE,
        "preferences": "https://notifications.exemple.fr/preferences",
        "today": clock.now().date(),
    }
    return renderer.write(template, context, link=EXAMPLE_LINK)


def examples_for(template: str) -> list[tuple[type[Fact], Mail, Fact]]:
    """List what makes a template's mails: each fact with its examples, in the order of the table of audiences."""
    return [
        (kind, mail, fact)
        for kind, mail in templates()
        if mail.template == template
        for fact in examples.examples_of(kind, mail)
    ]


def example_words(template: str) -> list[str]:
    """Return words that distinguish the examples of a template."""
    found = [_what_differs(fact) for _, _, fact in examples_for(template)]
    return [
        f"{words} ({found[:number].count(words) + 1})" if found.count(words) > 1 else words
        for number, words in enumerate(found)
    ]


def _what_differs(fact: Fact) -> str:
    decision = getattr(fact, "decision", None)
    label = event_word(fact.wire_type)
    if decision is not None:
        return f"{label}\u00a0: {word(decision.outcome).lower()}"
    return f"{label}, sans réponse" if getattr(fact, "silent", False) else label


def template_views(renderer: MailRenderer) -> list[TemplateView]:
    """List all templates, in the order of the table of audiences; one used twice is shown once per audience."""
    found: dict[tuple[str, str], TemplateView] = {}
    for fact, mail in templates():
        first = examples.examples_of(fact, mail)[0]
        subject = example(renderer, first, mail.template).subject
        found.setdefault((mail.template, mail.audience), TemplateView(**_row(fact, mail), subject=subject))
    return list(found.values())


def template_view(renderer: MailRenderer, name: str, *, number: int = 0, about: About = FICTITIOUS) -> TemplateView:
    """Show one template with one of its examples."""
    found = examples_for(name)
    if number >= len(found):
        raise NotFound
    kind, mail, fact = found[number]
    rendered = example(renderer, fact, name, about)
    return TemplateView(**_row(kind, mail), subject=rendered.subject, text=rendered.text, html=rendered.html)


def _row(fact: type[Fact], mail: Mail) -> dict[str, Any]:
    return {
        "name": mail.template,
        "audience": mail.audience,
        "channels": list(mail.channels),
        "cadence": mail.cadence,
        "event_type": fact.wire_type,
        "label": event_word(fact.wire_type),
    }
