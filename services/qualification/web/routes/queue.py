"""The queue of the département, what one does to several of its cases at once, and what waits for the délégué."""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from litestar import Response, get, post
from litestar.di import NamedDependency

from services.qualification.domain.moves import Action, State
from services.qualification.reads import queue as reads
from services.qualification.reads.colleagues import Colleague, colleagues
from services.qualification.usecases import together
from services.qualification.usecases.telling import official
from services.qualification.usecases.together import Together
from services.qualification.web.asked import Asked
from services.qualification.web.exports import table_of
from services.qualification.web.forms import TogetherForm
from services.qualification.web.visit import Visit
from services.qualification.web.words import TONES, options, state_options
from shared import clock
from shared.db import Transaction
from shared.errors import Invalid
from shared.french.numbers import plural_fr
from shared.french.words import FIELD, OUTCOME, REQUEST_KIND, STATE
from shared.identity.model import Role
from shared.web.forms import Form, read_form
from shared.web.mandates import POSTED_AS
from shared.web.pages import flash, posts_to, render
from shared.web.paging import Page
from shared.web.secrets import HANDED_OVER, private
from shared.web.tables import as_csv, as_ods


@get("/")
async def show_queue(
    visit: NamedDependency[Visit], asked: NamedDependency[Asked], paging: NamedDependency[Page]
) -> Response[Any]:
    """Show the queue, with its filters in the address."""
    return await _queue_page(visit, asked, paging)


@post("/ensemble")
async def act_together(
    visit: NamedDependency[Visit], asked: NamedDependency[Asked], paging: NamedDependency[Page]
) -> Response[Any]:
    """Give several cases to an agent, or begin their examination."""
    form = await read_form(visit.request, TogetherForm)
    if "cases" in form.errors:
        form.errors = {"": "Choisissez au moins une demande dans la liste."}
    became = Together()

    async def act(tx: Transaction, wanted: TogetherForm) -> None:
        nonlocal became
        if wanted.act == "examine":
            became = await together.start_examinations(
                tx, wanted.cases, by=visit.agent, at=clock.now(), rules=visit.desk.rules
            )
        elif wanted.email is None:
            raise Invalid.field("email", "Choisissez à qui confier les demandes.")
        else:
            became = await together.assign_cases(tx, wanted.cases, email=wanted.email, by=visit.agent)

    async def again(form: Form[Any], status: int) -> Response[Any]:
        return await _queue_page(visit, asked, paging, form=form, status=status)

    answer = await visit.carry_out(form, act, then=f"/{visit.kept}", said=None, again=again)
    for level, sentence in _told(became):
        flash(visit.request, sentence, level)
    return answer


@get("/demandes.csv")
async def take_home_as_csv(visit: NamedDependency[Visit], asked: NamedDependency[Asked]) -> Response[bytes]:
    """Give what the filters let through as a CSV file."""
    return await asyncio.to_thread(as_csv, await table_of(visit.database, asked, visit.agent))


@get("/demandes.ods")
async def take_home_as_ods(visit: NamedDependency[Visit], asked: NamedDependency[Asked]) -> Response[bytes]:
    """Give what the filters let through as an OpenDocument spreadsheet."""
    return await asyncio.to_thread(as_ods, await table_of(visit.database, asked, visit.agent))


@get("/deposer", opt=HANDED_OVER)
async def file_for_another(visit: NamedDependency[Visit]) -> Response[Any]:
    """Tell an agent what it means to file for a collectivité; the button posts their mandate to intake."""
    visit.agent.require(Role.SAT_AGENT, Role.DELEGATE)
    posts_to(visit.request, visit.desk.intake_url)
    return private(
        render(
            visit.request,
            "cases/file_for_another.html",
            address=visit.desk.filing_url,
            field=POSTED_AS,
            mandate=visit.desk.mandate(visit.agent, at=clock.now()),
        )
    )


@get("/a-valider")
async def show_proposals(visit: NamedDependency[Visit], paging: NamedDependency[Page]) -> Response[Any]:
    """Show what waits for a validation."""
    cases, total = await _cases(visit, reads.Filters(states=(State.PROPOSED,)), paging, None)
    return render(
        visit.request,
        "cases/to_validate.html",
        cases=cases,
        total=total,
        page_asked=paging,
        today=visit.today,
        outcomes=OUTCOME,
    )


async def _queue_page(
    visit: Visit, asked: Asked, paging: Page, *, form: Form[Any] | None = None, status: int = 200
) -> Response[Any]:
    """Show the queue, with what was chosen in it if that was refused."""
    agent = visit.agent
    cases, total = await _cases(visit, asked.filters, paging, asked.sort)
    people = await colleagues(visit.database, perimeter=agent.perimeter)
    counts = await reads.counts(visit.database, perimeter=agent.perimeter, me=agent.email, today=visit.today)
    return render(
        visit.request,
        "cases/queue.html",
        status_code=status,
        cases=cases,
        total=total,
        page_asked=paging,
        filters=_filters(visit, people),
        views=_views(visit, counts),
        kept=visit.kept,
        files=agent.has(Role.SAT_AGENT, Role.DELEGATE),
        today=visit.today,
        tones=TONES,
        states=STATE,
        people=[(one.email, one.name if one.email != agent.email else f"Moi ({one.name})") for one in people],
        together=TOGETHER,
        values=form.values if form else {"email": agent.email},
        errors=form.errors if form else {},
    )


def _told(became: Together) -> Iterator[tuple[str, str]]:
    if became.done:
        yield "success", f"C’est fait pour {plural_fr(len(became.done), 'demande')}."
    reasons = Counter(refusal.detail for _, refusal in became.refused)
    for reason, count in reasons.items():
        yield "warning", f"Pas pour {plural_fr(count, 'demande')}\u00a0: {reason}"


async def _cases(
    visit: Visit, filters: reads.Filters, page: Page, sort: reads.Sort | None
) -> tuple[list[reads.QueueItem], int]:
    return await reads.queue(
        visit.database,
        filters,
        perimeter=visit.agent.perimeter,
        who=official(visit.agent),
        today=visit.today,
        page=page,
        sort=sort,
    )


def _views(visit: Visit, counts: Mapping[str, int]) -> list[tuple[str, str, bool]]:
    """Give the views that one looks at every day: what is said, where it leads, whether one is there."""
    views = [("À moi", "assignee=me", counts["mine"]), ("En retard", "overdue=true", counts["overdue"])]
    if counts["asked"]:
        views.append(("Questions de l’équipe nationale", "question=true", counts["asked"]))
    views.append(("Sans responsable", f"assignee={reads.NOBODY}", counts["unassigned"]))
    views += [(label, f"state={value}", counts[value]) for value, label in state_options() if value in counts]
    return [(f"{label} ({count})", f"/?{query}", visit.kept == f"?{query}") for label, query, count in views]


def _filters(visit: Visit, people: Iterable[Colleague]) -> list[dict[str, Any]]:
    filters: list[dict[str, Any]] = [
        {"name": "state", "label": "État", "options": [("", "Tous les états"), *state_options()]},
        {
            "name": "assignee",
            "label": "Responsable",
            "options": [
                ("", "Tous"),
                ("me", "Moi"),
                (reads.NOBODY, "Personne"),
                *((one.email, one.name) for one in people if one.email != visit.agent.email),
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
    if visit.request.query_params.get("question"):
        waits = [("", "Peu importe"), ("true", "Attend une réponse"), ("false", "N’attend rien")]
        filters.append({"name": "question", "label": "Équipe nationale", "options": waits})
    if len(visit.agent.departements) > 1:
        codes = [(code, code) for code in sorted(visit.agent.departements)]
        filters.append({"name": "departement", "label": "Département", "options": [("", "Tous"), *codes]})
    return filters


TOGETHER: Final = frozenset({Action.ASSIGNMENT.value, Action.EXAMINATION.value})
"""What can be done to several cases at once: a case that allows none of it has no box to tick."""

ROUTES = (show_queue, act_together, take_home_as_csv, take_home_as_ods, file_for_another, show_proposals)
