"""The pages of the département: the agents' queue, case and catalogue, and the provider's page behind its link."""

from litestar import Router
from litestar.di import Provide

from services.qualification.web.asked import provide_asked
from services.qualification.web.evaluations import provide_scope
from services.qualification.web.figures import provide_period
from services.qualification.web.routes import (
    acting,
    case,
    catalogue,
    dashboard,
    evaluations,
    orientation,
    pact_acts,
    pact_party,
    pacts,
    proposing,
    queue,
)
from services.qualification.web.visit import provide_visit
from shared.identity.model import Role
from shared.web.access import only

PAGES = (
    Router(
        "/",
        route_handlers=[
            *queue.ROUTES,
            *case.ROUTES,
            *acting.ROUTES,
            *proposing.ROUTES,
            *catalogue.ROUTES,
            *pacts.ROUTES,
            *pact_acts.ROUTES,
            *dashboard.ROUTES,
            *evaluations.ROUTES,
        ],
        dependencies={
            "visit": Provide(provide_visit),
            "asked": Provide(provide_asked),
            "period": Provide(provide_period),
            "narrowed": Provide(provide_scope),
        },
        guards=[only(Role.SAT_AGENT, Role.DELEGATE, Role.AUDITOR)],
    ),
    *orientation.ROUTES,
    *pact_party.ROUTES,
)
