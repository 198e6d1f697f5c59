"""The gallery: every component once, on pages of both layouts, for browser tests and for people."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.web import assets, template_filters
from shared.web.pages import Site
from shared.web.paging import Page

TODAY: Final = date(2027, 1, 12)
THEME: Final = Path(assets.__file__).resolve().parent / "templates"
HERE: Final = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Query:
    """The parameters of an address, as Litestar gives them."""

    pairs: list[tuple[str, str]] = field(default_factory=list)

    def multi_items(self) -> list[tuple[str, str]]:
        """Give every pair."""
        return self.pairs


@dataclass(frozen=True)
class Asked:
    """A request, as far as components look at it."""

    query_params: Query = field(default_factory=Query)


def environment() -> Environment:
    """Build the environment that the server builds: autoescape on, and nothing undefined passes unseen."""
    built = Environment(
        loader=FileSystemLoader([HERE, THEME]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=False,
    )
    template_filters.install(built)
    return built


def agent() -> SimpleNamespace:
    """Give somebody signed in."""
    return SimpleNamespace(
        email="sat95@cousu.test", name="Agente du SAT", roles=frozenset({"sat_agent"}), departements=frozenset({"95"})
    )


def context(**more: Any) -> dict[str, Any]:
    """Give what the server gives every page."""
    return {
        "service": Site(name="intake", title="Demander un soutien"),
        "agent": None,
        "csrf_token": "csrf-of-the-gallery",
        "form_key": "key-of-the-gallery",
        "request": Asked(Query([("q", "Cergy"), ("sort", "-due"), ("page", "3")])),
        "flash": [],
        "navigation": [],
        "static": assets.address,
        "today": TODAY,
        "page_asked": Page(3, 20),
        "errors": {},
        "values": {},
        **more,
    }


def moment(day: int, hour: int, minute: int = 0) -> datetime:
    """Give a moment of January 2027."""
    return datetime(2027, 1, day, hour, minute, tzinfo=UTC)


PAGES: Final[Mapping[str, dict[str, Any]]] = {
    "form": {
        "errors": {
            "title": "Indiquez l\u2019intitulé du projet.",
            "budget": "Écrivez un montant en euros, par exemple 25 000.",
            "fields": "Choisissez au moins un domaine.",
            "urgency": "Choisissez une note de 1 à 5.",
        },
        "values": {"description": "Réhabiliter <l\u2019ancienne> école", "budget": "beaucoup", "kind": "commune"},
        "flash": [("success", "Votre brouillon est enregistré.")],
    },
    "tracking": {
        "timeline": [
            {"at": moment(4, 8, 12), "label": "Demande déposée", "team": "applicant"},
            {"at": moment(5, 9, 30), "label": "Demande enregistrée par la préfecture", "team": "departement"},
            {
                "at": moment(7, 14, 5),
                "label": "Orientation proposée",
                "team": "departement",
                "detail": "L\u2019agence technique départementale n\u2019a pas pu répondre.",
                "state": "refused",
            },
            {"at": moment(11, 10), "label": "Transmise à l\u2019équipe nationale", "team": "national"},
            {"at": date(2027, 1, 26), "label": "Examen par le comité", "team": "national", "state": "waiting"},
            {"at": None, "label": "Accompagnement", "team": "national", "state": "waiting"},
        ],
    },
    "case": {
        "service": Site(name="qualification", title="Instruction des demandes"),
        "agent": agent(),
        "navigation": [
            ("File des demandes", "/cases", True),
            ("Ingénierie locale", "/providers", False),
            ("Pactes", "/pacts", False),
            ("Chiffres", "/statistics", False),
        ],
        "flash": [("warning", "Le courrier est parti, mais le serveur de messagerie tarde à confirmer.")],
    },
    "table": {
        "service": Site(name="escalation", title="Équipe nationale"),
        "agent": agent(),
        "navigation": [("Saisines", "/escalations", True), ("Comité", "/sessions", False)],
    },
    "empty": {"service": Site(name="escalation", title="Équipe nationale"), "agent": agent()},
    "document": {"service": Site(name="escalation", title="Équipe nationale")},
    "problem": {
        "status": 503,
        "detail": "La base de données ne répond pas pour le moment.",
        "request_id": "0192f6a2",
        "errors": [("title", "Manquant.")],
        "retry_href": "/",
    },
    "choose": {"next": "/", "provider_name": "ProConnect", "signin_href": "/connexion/aller"},
    "unknown": {"email": "quelquun@cousu.test"},
    "signed_out": {},
}

TEMPLATES: Final = {
    "problem": "errors/problem.html",
    "choose": "signin/choose.html",
    "unknown": "signin/unknown.html",
    "signed_out": "signin/signed_out.html",
}


def render(name: str) -> str:
    """Render one page of the gallery."""
    template = environment().get_template(TEMPLATES.get(name, f"gallery/{name}.html"))
    return template.render(context(**PAGES[name]))
