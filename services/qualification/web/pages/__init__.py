"""The pages of the département: for agents, and behind the links of providers and of pacts' parties."""

from litestar import Router
from litestar.di import Provide

from services.qualification.web.figures import provide_period, provide_scope
from services.qualification.web.filters import provide_filters
from services.qualification.web.pages import (
    case,
    catalogue,
    confirming,
    dashboard,
    evaluations,
    local_work,
    orientation,
    pact_party,
    pacts,
    papers,
    proposing,
    queue,
)
from shared.identity.model import Role
from shared.web.access import only

PAGES = (
    Router(
        "/",
        route_handlers=[
            *queue.ROUTES,
            *case.ROUTES,
            *local_work.ROUTES,
            *papers.ROUTES,
            *proposing.ROUTES,
            *confirming.ROUTES,
            *catalogue.ROUTES,
            *pacts.ROUTES,
            *dashboard.ROUTES,
            *evaluations.ROUTES,
        ],
        dependencies={
            "filters": Provide(provide_filters),
            "period": Provide(provide_period),
            "narrowed": Provide(provide_scope),
        },
        guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    ),
    *orientation.ROUTES,
    *pact_party.ROUTES,
)
