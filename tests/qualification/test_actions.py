"""Each action of the domain is declared once, for pages and programs alike."""

from collections import Counter

from services.qualification.domain.moves import Action
from services.qualification.domain.pact_moves import PactAction
from services.qualification.web.actions import (
    DELIVERABLE,
    DIAGNOSIS,
    ON_CASES,
    ON_LOCAL_WORK,
    ON_MILESTONES,
    ON_PACTS,
    PROPOSAL,
    QUALIFICATION,
    STOP,
    VALIDATION,
)


def test_each_action_on_a_case_is_one_row_of_the_api_and_has_a_form() -> None:
    rows = (*ON_CASES, *ON_LOCAL_WORK, *ON_MILESTONES, DELIVERABLE, STOP, QUALIFICATION, PROPOSAL, VALIDATION)
    assert Counter(row.name for row in rows if row.api) == Counter(Action)
    assert {row.name for row in rows if row.path is not None} == set(Action)


def test_each_action_on_a_pact_is_one_row_of_the_api_and_has_a_form() -> None:
    rows = (DIAGNOSIS, *ON_PACTS)
    assert Counter(row.name for row in rows) == Counter(PactAction)
    assert all(row.api and row.path for row in rows)
