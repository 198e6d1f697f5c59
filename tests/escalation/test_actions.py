"""The table of actions: nothing that the domain allows is without a row, and no row is without its routes."""

import pytest
from litestar import Litestar

from services.escalation.domain.moves import Action as Name
from services.escalation.domain.programmes import ProgrammeAction
from services.escalation.web.actions import ALL
from shared.web.actions import Action


@pytest.mark.parametrize("name", [*Name, *ProgrammeAction])
def test_every_action_of_the_domain_has_a_row(name: str) -> None:
    assert name in {row.name for row in ALL}


@pytest.mark.parametrize("row", ALL, ids=lambda row: f"{row.name}-{row.path}")
def test_every_row_is_found_by_its_form_and_its_call(app: Litestar, row: Action) -> None:
    handlers = {route.path for route in app.routes}
    if row.api:
        last = row.name if row.address is None else row.address
        assert any(path.startswith("/api/v1/") and path.endswith(f"/{last}") for path in handlers) or not last
    if row.path:
        assert any(not path.startswith("/api/") and path.endswith(f"/{row.path}") for path in handlers)
    assert not (row.path is not None and not (row.label and row.done)), "a form has its words"
