"""Pages of the queue: its cases, actions on several of them, exports, and proposals to validate."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from pydantic import Field as Bounds

from services.qualification.domain.moves import Action
from services.qualification.reads import queue as reads
from services.qualification.reads.colleagues import Colleague, colleagues
from services.qualification.reads.queue import Filters
from services.qualification.usecases import several_cases
from services.qualification.usecases.several_cases import AssignCases, SeveralCases, Together
from services.qualification.web.context import AgentContext
from services.qualification.web.exports import table_of
from services.qualification.web.words import LOCAL_STATES, TONES, options, state_options
from shared import clock
from shared.commands import Command
from shared.contracts.fact import Email
from shared.db import Transaction
from shared.errors import Invalid
from shared.french.numbers import plural_fr
from shared.french.words import FIELD, REQUEST_KIND
from shared.identity.model import Role
from shared.web.forms import Form, read_form, submit
from shared.web.mandates import POSTED_AS
from shared.web.pages import flash, posts_to, render
from shared.web.paging import Page
from shared.web.secret_links import SHOWS_SECRET_LINKS, private
from shared.web.tables import as_csv, as_ods


class ActTogether(Command):
    """Several cases of the queue, and what is to become of them; `email` is needed to give them."""

    cases: list[UUID] = Bounds(min_length=1, max_length=200)
    act: Literal["give", "examine"]
    email: Email | None = None


@get("/")
async def show_queue(
    context: NamedDependency[AgentContext], filters: NamedDependency[Filters], paging: NamedDependency[Page]
) -> Response[Any]:
    """Show the queue, with its filters in the address."""
    return await _queue_page(context, filters, paging)


@post("/ensemble")
async def act_on_several(
    context: NamedDependency[AgentContext], filters: NamedDependency[Filters], paging: NamedDependency[Page]
) -> Response[Any]:
    """Give several cases to an agent, or begin their examination."""
    form = await read_form(context.request, ActTogether)
    if "cases" in form.errors:
        form.errors = {"": "Choisissez au moins une demande dans la liste."}
    became = Together()

    async def act(tx: Transaction, wanted: ActTogether) -> str:
        nonlocal became
        do = context.acting(tx)
        if wanted.act == "examine":
            became = await several_cases.start_examinations(do, SeveralCases(request_ids=wanted.cases))
        elif wanted.email is None:
            raise Invalid.field("email", "Choisissez à qui confier les demandes.")
        else:
            became = await several_cases.assign_cases(do, AssignCases(request_ids=wanted.cases, email=wanted.email))
        return f"/{context.query}"

    async def again(status: int) -> Response[Any]:
        return await _queue_page(context, filters, paging, form=form, status=status)

    answer = await submit(context.request, context.database, context.cause, form, act, again=again)
    for level, sentence in _sentences(became):
        flash(context.request, sentence, level)
    return answer


@get("/demandes.csv")
async def download_as_csv(context: NamedDependency[AgentContext], filters: NamedDependency[Filters]) -> Response[bytes]:
    """Return what the filters let through as a CSV file."""
    return await asyncio.to_thread(as_csv, await table_of(context, filters))


@get("/demandes.ods")
async def download_as_ods(context: NamedDependency[AgentContext], filters: NamedDependency[Filters]) -> Response[bytes]:
    """Return what the filters let through as an OpenDocument spreadsheet."""
    return await asyncio.to_thread(as_ods, await table_of(context, filters))


@get("/deposer", opt=SHOWS_SECRET_LINKS)
async def file_for_another(context: NamedDependency[AgentContext]) -> Response[Any]:
    """Show an agent what it means to file for a collectivité; the button posts their mandate to intake."""
    context.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    posts_to(context.request, context.parts.intake_url)
    return private(
        render(
            context.request,
            "cases/file_for_another.html",
            address=context.parts.filing_url,
            field=POSTED_AS,
            mandate=context.parts.mandate(context.agent, at=clock.now()),
        )
    )


@get("/a-valider")
async def show_proposals(context: NamedDependency[AgentContext], paging: NamedDependency[Page]) -> Response[Any]:
    """Show what waits for a validation."""
    proposals, total = await reads.to_validate(context.database, context.viewer, paging)
    return render(
        context.request,
        "cases/to_validate.html",
        proposals=proposals,
        total=total,
        page_asked=paging,
        today=context.today,
    )


async def _queue_page(
    context: AgentContext, filters: Filters, paging: Page, *, form: Form[Any] | None = None, status: int = 200
) -> Response[Any]:
    """Show the queue, with what was chosen in it if that was refused."""
    agent = context.agent
    cases, total = await reads.queue(context.database, filters, context.viewer, paging)
    people = await colleagues(context.database, perimeter=agent.perimeter)
    counts = await reads.counts(context.database, context.viewer)
    return render(
        context.request,
        "cases/queue.html",
        status_code=status,
        cases=cases,
        total=total,
        page_asked=paging,
        filters=_filters(context, people),
        views=_views(context, counts),
        query=context.query,
        files=agent.has(Role.SAT_AGENT, Role.DELEGATE),
        today=context.today,
        tones=TONES,
        local_states=LOCAL_STATES,
        people=[(one.email, one.name if one.email != agent.email else f"Moi ({one.name})") for one in people],
        together=TOGETHER,
        values=form.values if form else {"email": agent.email},
        errors=form.errors if form else {},
    )


def _sentences(became: Together) -> Iterator[tuple[str, str]]:
    if became.done:
        yield "success", f"C’est fait pour {plural_fr(len(became.done), 'demande')}."
    reasons = Counter(refusal.detail for _, refusal in became.refused)
    for reason, count in reasons.items():
        yield "warning", f"Pas pour {plural_fr(count, 'demande')}\u00a0: {reason}"


def _views(context: AgentContext, counts: Mapping[str, int]) -> list[tuple[str, str, bool]]:
    """Return the views that one looks at every day: what is said, where it leads, whether one is there."""
    views = [("À moi", "assignee=me", counts["mine"]), ("En retard", "overdue=true", counts["overdue"])]
    if counts["asked"]:
        views.append(("Questions de l’équipe nationale", "question=true", counts["asked"]))
    views.append(("Sans responsable", f"assignee={reads.NOBODY}", counts["unassigned"]))
    views += [(label, f"state={value}", counts[value]) for value, label in state_options() if value in counts]
    return [(f"{label} ({count})", f"/?{query}", context.query == f"?{query}") for label, query, count in views]


def _filters(context: AgentContext, people: Iterable[Colleague]) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = [
        {"name": "state", "label": "État", "options": [("", "Tous les états"), *state_options()]},
        {
            "name": "assignee",
            "label": "Responsable",
            "options": [
                ("", "Tous"),
                ("me", "Moi"),
                (reads.NOBODY, "Personne"),
                *((one.email, one.name) for one in people if one.email != context.agent.email),
            ],
        },
        {
            "name": "overdue",
            "label": "Délai",
            "options": [("", "Tous"), ("true", "En retard"), ("false", "Dans les délais")],
        },
        {"name": "kind", "label": "Nature", "options": [("", "Toutes"), *options(REQUEST_KIND)]},
        {"name": "field", "label": "Champ", "options": [("", "Tous"), *options(FIELD)]},
    ]
    if context.request.query_params.get("question"):
        waits = [("", "Peu importe"), ("true", "Attend une réponse"), ("false", "N’attend rien")]
        filters.append({"name": "question", "label": "Équipe nationale", "options": waits})
    if len(context.agent.departements) > 1:
        codes = [(code, code) for code in sorted(context.agent.departements)]
        filters.append({"name": "departement", "label": "Département", "options": [("", "Tous"), *codes]})
    return filters


TOGETHER: Final = frozenset({Action.ASSIGNMENT.value, Action.EXAMINATION.value})
"""What can be done to several cases at once: a case that allows none of it has no box to tick."""

ROUTES = (show_queue, act_on_several, download_as_csv, download_as_ods, file_for_another, show_proposals)
