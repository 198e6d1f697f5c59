"""The page of a pact's party behind its link: it reads, agrees, signs and reports progress."""

from typing import Any, Final

from litestar import Response, Router, get
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from services.qualification.domain.refusals import LinkOver
from services.qualification.reads.pact_views import PactForPartyView, PactView, document_to_sign, for_party
from services.qualification.web.actions import ON_PACTS_BY_LINK
from services.qualification.web.context import PartyLinkContext, provide_party_context
from services.qualification.web.pacts_shown import described, pact_as_pdf, typed_texts, version_as_pdf
from services.qualification.web.pacts_words import ACTION_STATUS, EXPECTED_OF_PARTY, FIELD_LABELS
from services.qualification.web.pages.orientation import link_over
from shared import clock
from shared.calendar import today
from shared.db import Reader
from shared.web.access import PUBLIC
from shared.web.actions import Refused, Resource, page_read, page_routes
from shared.web.pages import render
from shared.web.secret_links import private


@get("/pactes/parties/{token:str}/pacte.pdf")
async def pact_on_paper_for_party(context: NamedDependency[PartyLinkContext]) -> Response[bytes]:
    """Return the pact as a PDF."""
    pact, _ = await context.pact(context.database)
    return private(await pact_as_pdf(context.request, context.database, pact))


@get("/pactes/parties/{token:str}/versions/{number:int}/pacte.pdf")
async def version_on_paper_for_party(
    number: FromPath[int], context: NamedDependency[PartyLinkContext]
) -> Response[bytes]:
    """Return a version as the PDF that was kept: with all its signatures if it has them."""
    pact, _ = await context.pact(context.database)
    return private(await version_as_pdf(context.request, context.database, pact, number))


async def _read(context: PartyLinkContext, reader: Reader) -> PactForPartyView:
    """Show the pact and what the party may do now."""
    return for_party(*await context.pact(reader))


async def _show(context: PartyLinkContext, *, refused: Refused | None = None) -> Response[Any]:
    """Show the pact and what is expected of the party."""
    values = refused.form.values if refused else {}
    try:
        pact, party = await context.pact(context.database)
    except LinkOver as over:
        return link_over(context.request, over, typed=values.get("avancement.comment", ""))
    page = render(
        context.request,
        "pacts/party.html",
        status_code=refused.status if refused else 200,
        here=f"/pactes/parties/{context.request.path_params['token']}",
        party=party,
        actions={action.path: action for action in ON_PACTS_BY_LINK},
        mine=[action for action in pact.actions if action.is_of(party)],
        expected=next((EXPECTED_OF_PARTY[each] for each in pact.allowed_actions), None),
        status_options=[(status, label) for status, (label, _) in ACTION_STATUS.items()],
        service_in_charge=context.parts.rules.service(pact.departement),
        today=today(pact.departement, clock.now()),
        to_sign=document_to_sign(pact),
        values=values,
        errors=refused.form.errors if refused else {},
        typed=_lost(refused, pact),
        labels=FIELD_LABELS,
        **described(pact),
    )
    return private(page)


OFFERED_AS: Final = {"approbation": "agreements", "signature": "signatures", "avancement": "progress"}
"""Path of a form → what it is called among the allowed actions."""


def _lost(refused: Refused | None, pact: PactView) -> list[tuple[str, str]]:
    """Return what was typed into a form that the page no longer has."""
    if refused is None or refused.action.path is None or OFFERED_AS[refused.action.path] in pact.allowed_actions:
        return []
    return typed_texts(refused.form, refused.action.path)


PARTY: Final = Resource(
    address="/pact-parties/{token:str}",
    page="/pactes/parties/{token:str}",
    view=PactForPartyView,
    read=_read,
    show=_show,
    read_by_context={"token"},
)
ROUTES = (
    Router(
        "/",
        route_handlers=[
            page_read(PARTY),
            pact_on_paper_for_party,
            version_on_paper_for_party,
            *page_routes(PARTY, ON_PACTS_BY_LINK),
        ],
        dependencies={"context": Provide(provide_party_context)},
        opt={PUBLIC: True},
    ),
)
