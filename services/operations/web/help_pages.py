"""The runbook inside the page: what each concern and each alert means and what to do, as `docs/runbook.md` says it."""

import itertools
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from services.operations.environment import REPOSITORY

RUNBOOK: Final = REPOSITORY / "docs" / "runbook.md"
PAGE: Final = "/conduite"

ENTRIES: Final = {
    "broker_away": "CousuMessagerieAbsente",
    "database_away": "CousuBaseAbsente",
    "database_refuses": "CousuBaseRefuse",
    "database_stuck": "CousuLenteur",
    "service_away": "CousuServiceAbsent",
    "service_not_ready": "CousuServicePasPret",
    "service_degraded": "CousuServicePasPret",
    "no_consumer": "CousuFileSansEcoute",
    "deep_queue": "CousuFileProfonde",
    "outbox_late": "CousuEnvoiEnRetard",
    "unsendable": "CousuEnvoiRefuse",
    "no_relay": "CousuSansRelais",
    "behind": "CousuRetardEntreServices",
    "held_given_up": "CousuDemandeRetenue",
    "forked": "CousuHistoireDivergente",
    "disputed": "CousuHistoireDivergente",
    "held": "CousuDemandeRetenue",
    "gap": "CousuEvenementNonApplique",
    "gap_young": "CousuEvenementNonApplique",
    "quarantine": "CousuQuarantaine",
    "quarantine_foreign": "FormulaireRefuse",
    "dead": "CousuLettresMortes",
    "unrouted": "CousuSansDestinataire",
    "mail_late": "CousuCourrielEnRetard",
    "mail_failed": "CousuCourrielsRefuses",
    "webhook_suspended": "CousuAbonnementSuspendu",
    "overdue": "EcheancesDepassees",
}
"""By what the overview tells: the entry that says what to do."""


def anchor(what: str) -> str:
    """Give the address of the entry about a concern."""
    return f"{PAGE}#{ENTRIES[what].lower()}"


def _without_links_to_files(tokens: Sequence[Token]) -> Iterator[Token]:
    """Leave out links to other documents, which lie beside the runbook and not behind this page; their words stay."""
    leaves_out = False
    for token in tokens:
        if token.type == "link_open":
            leaves_out = ".md" in str(token.attrGet("href"))
        if leaves_out and token.type in {"link_open", "link_close"}:
            leaves_out = token.type == "link_open"
            continue
        yield token


@cache
def runbook() -> Markup:
    """Give the runbook as HTML, each entry under its name in small letters, as code forges link it too."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(RUNBOOK.read_text(encoding="utf-8"))
    for token in tokens:
        token.children = list(_without_links_to_files(token.children or []))
    for opening, words in itertools.pairwise(tokens):
        if opening.type == "heading_open":
            opening.attrSet("id", words.content.lower())
    body = tokens[next(number for number, one in enumerate(tokens) if one.type == "heading_close") + 1 :]
    return Markup(parser.renderer.render(body, parser.options, {}))  # noqa: S704 - our own file, without HTML of its own
