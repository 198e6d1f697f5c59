"""Every action that the domain names can be taken by whoever holds a link, by page and by call."""

from litestar import Litestar

from services.intake.domain.request import Action
from services.intake.web.actions import ON_REQUEST
from shared.web.actions import offered

WITH_FILES = {Action.DOCUMENTS, Action.INFORMATION}
"""Their page forms take files, so that they are handlers of their own; so is the call that adds documents."""


def test_each_action_of_the_domain_has_a_row_or_takes_files() -> None:
    rows = {action.name for action in ON_REQUEST}
    assert set(Action) - rows == {Action.DOCUMENTS}
    assert set(Action) - {action.name for action in offered(ON_REQUEST, set(Action))} == WITH_FILES


def test_each_action_of_the_domain_has_a_call_and_a_form(app: Litestar) -> None:
    routes = {route.path for route in app.routes}
    assert {f"/api/v1/requests/{{request_id:uuid}}/{action}" for action in Action} <= routes
    forms = {action.path for action in ON_REQUEST if action.path} | {"documents", "informations"}
    assert {f"/suivi/{{token:str}}/{path}" for path in forms} <= routes
