"""Pages for everybody: what this is, what it achieves in figures, and what the law wants said."""

from typing import Any, Final
from uuid import UUID

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import File, Template

from services.intake.directory import Directory
from services.intake.reads import tracking as reads
from services.intake.reads.statistics import Statistics, statistics
from services.intake.settings import Settings
from services.intake.store.files import DocumentFiles
from services.intake.web.documents import attachment
from services.intake.web.pages.picker import spoken
from services.intake.web.tokens import Tokens
from shared import clock
from shared.contracts.vocabulary import RequestKind
from shared.db import Database
from shared.errors import NotFound
from shared.territory.territories import Territories
from shared.web.pages import render
from shared.words import state_word, word

Asked = Request[Any, Any, Any]

DELAYS: Final = {
    "registration": "Enregistrement par le département",
    "examination": "Début de l’examen",
    "first_answer": "Première réponse du département",
    "committee_decision": "Décision du comité",
    "completion": "Fin de l’accompagnement",
}
MONTHS: Final = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip


@get("/", public=True)
async def home(request: Asked, directory: NamedDependency[Directory]) -> Template:
    """Say what it is, who can ask, and what happens next; begin or resume."""
    return render(request, "public/home.html", office=directory.services.get("95"))


@get("/statistiques", public=True)
async def figures(
    request: Asked, database: NamedDependency[Database], territories: NamedDependency[Territories]
) -> Template:
    """Show the public figures."""
    told = await statistics(database, at=clock.now())
    return render(request, "public/statistics.html", figures=told, charts_of=_charts(told, territories), delays=DELAYS)


@get("/accessibilite", public=True)
async def accessibility(request: Asked) -> Template:
    """Say how far the site is accessible, and whom to tell what is not."""
    return render(request, "public/accessibility.html")


@get("/mentions-legales", public=True)
async def legal(
    request: Asked, settings: NamedDependency[Settings], territories: NamedDependency[Territories]
) -> Template:
    """Say who publishes the site and what becomes of personal data."""
    return render(
        request,
        "public/legal.html",
        publisher=settings.publisher,
        source=territories.source.sentence,
        draft_days=settings.draft_days,
        session_hours=settings.session_hours,
    )


@get("/documents/{token:str}", public=True)
async def document(
    token: FromPath[str],
    database: NamedDependency[Database],
    tokens: NamedDependency[Tokens],
    files: NamedDependency[DocumentFiles],
) -> File:
    """Give a document to another service's agent, who holds its signed link."""
    read = tokens.documents.read(token)
    if read is None:
        raise NotFound
    document_id: UUID = read[0]
    return attachment(files, await reads.document(database, document_id))


def _charts(told: Statistics, territories: Territories) -> list[tuple[str, list[tuple[str, int | None]]]]:
    """Name the groups of each figure, the largest first; months in their order."""
    known = {one.code: one.name for one in territories.departements()}
    return [
        ("Où en sont les demandes", _largest_first({state_word(key): n for key, n in told.by_status.items()})),
        ("Ce qui est demandé", _largest_first({word(RequestKind(key)): n for key, n in told.by_kind.items()})),
        (
            "Par département",
            _largest_first({f"{spoken(known.get(key, key))} ({key})": n for key, n in told.by_departement.items()}),
        ),
        ("Par mois de dépôt", [(_month(key), n) for key, n in sorted(told.by_month.items())]),
    ]


def _largest_first(counts: dict[str, int | None]) -> list[tuple[str, int | None]]:
    return sorted(counts.items(), key=lambda item: (-(item[1] or 0), item[0]))


def _month(key: str) -> str:
    year, month = key.split("-")
    return f"{MONTHS[int(month) - 1]} {year}"


routes = Router("/", route_handlers=[home, figures, accessibility, legal, document])
