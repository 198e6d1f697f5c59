"""The projects that the demonstration draws: the same from the same seed, of everywhere, and such as may be asked."""

from collections import Counter
from datetime import date
from functools import cache

from deploy.local.demo.projects import SHARES, Project, draw
from services.intake.domain.filing import errors_in
from shared.contracts.forms import FiledRequest
from shared.territory import Territories

DRAWN = 120


@cache
def territories() -> Territories:
    return Territories.load(searchable=False)


def drawn(number: int = DRAWN, seed: int = 1) -> list[Project]:
    return list(draw(number, seed, territories()))


def told(projects: list[Project]) -> list[object]:
    return [(one.body, one.stage, one.grid, one.amount_cents, one.chance.random()) for one in projects]


def test_the_same_seed_draws_the_same_and_another_seed_does_not() -> None:
    assert told(drawn()) == told(drawn())
    assert told(drawn(seed=2)) != told(drawn())


def test_more_projects_leave_those_before_as_they_were() -> None:
    assert told(drawn(DRAWN))[:20] == told(drawn(20))


def test_every_departement_asks_before_any_asks_twice() -> None:
    codes = [one.departement.code for one in drawn()]
    everywhere = {one.code for one in territories().departements() if one.region}
    assert len(everywhere) == 101
    assert set(codes[: len(everywhere)]) == everywhere


def test_of_twenty_projects_each_comes_as_far_as_its_share() -> None:
    assert Counter(one.stage for one in drawn(20)) == SHARES


def test_each_project_is_one_that_may_be_asked_by_a_territory_of_its_departement() -> None:
    for project in drawn():
        filed = FiledRequest.model_validate(project.body)
        assert list(errors_in(filed, today=date(2026, 11, 25))) == []
        identified = territories().identify(filed.applicant.kind, filed.applicant.code)
        assert identified.departement == project.departement.code
