"""What may be done with a pact, by whom and when, without any database."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import Party, PartyKind, means_state
from services.qualification.domain.pact_plan import (
    PlannedAction,
    is_late,
    mean_percent,
    progress,
    review_due,
)
from services.qualification.domain.pact_refusals import (
    AlreadyAgreed,
    AlreadySigned,
    DiagnosisNotAgreed,
    NotSignedYet,
    PlanEmpty,
    PlanFrozen,
    RecordedByAgent,
    StateNeedsDelegate,
)
from services.qualification.domain.people import Official
from shared.clock import new_id
from shared.contracts.qualification import PactDiagnosisAgreed, PactSigned
from shared.contracts.vocabulary import Role
from shared.errors import Forbidden, IllegalMove, Invalid

SAT = Official("sat95@cousu.test", "sat95", frozenset({Role.SAT_AGENT}))
DELEGATE = Official("delegue95@cousu.test", "delegue95", frozenset({Role.DELEGATE}))
BOTH = Official("chef95@cousu.test", "chef95", frozenset({Role.SAT_AGENT, Role.DELEGATE}))
NOBODY = Official("audit@cousu.test", "audit", frozenset())

AT = datetime(2027, 1, 12, 9, 0, tzinfo=UTC)
TODAY = AT.date()


@dataclass
class Steps:
    """A pact between the State, an EPCI and a commune, taken step by step."""

    pact: Pact = field(
        default_factory=lambda: Pact(
            id=new_id(),
            departement="95",
            title="Pacte du Vexin",
            parties=[
                Party(new_id(), "État", PartyKind.STATE),
                Party(new_id(), "Communauté de communes Vexin Centre", PartyKind.EPCI),
                Party(new_id(), "Magny-en-Vexin", PartyKind.COMMUNE),
            ],
            opened_at=AT,
            state_since=AT,
        )
    )

    def shared(self) -> "Steps":
        """A diagnosis is on the table."""
        self.pact.share_diagnosis(SAT, AT)
        return self

    def agree(self, who: Official, party: str, on: date | None = None) -> PactDiagnosisAgreed:
        """A party agrees."""
        return self.pact.agree(who, party, on, AT)[2]

    def agreed(self) -> "Steps":
        """Every party agrees the diagnosis."""
        self.shared()
        for party in self.pact.parties:
            self.agree(BOTH, party.name)
        return self

    def planned(self) -> "Steps":
        """The plan has an action."""
        self.agreed()
        self.pact.add_action(SAT, an_action(), AT)
        return self

    def sign(self, who: Official, party: str, on: date | None = None) -> PactSigned:
        """A party signs."""
        return self.pact.sign(who, party, on, AT)[2]

    def signed(self) -> "Steps":
        """Every party signs."""
        self.planned()
        for party in self.pact.parties:
            self.sign(BOTH, party.name)
        return self

    @property
    def action(self) -> PlannedAction:
        """The plan's first action."""
        return self.pact.actions[0]


def an_action(**changes: Any) -> PlannedAction:
    """An action of the plan."""
    given: dict[str, Any] = {
        "id": new_id(),
        "title": "Ouvrir une halle",
        "owner": "Magny-en-Vexin",
        "due_on": TODAY + timedelta(days=200),
    }
    return PlannedAction(**{**given, **changes})


def test_a_pact_begins_with_its_diagnosis() -> None:
    steps = Steps()
    assert steps.pact.allowed_actions(SAT) == ["diagnosis"]
    with pytest.raises(DiagnosisNotAgreed):
        steps.pact.add_action(SAT, an_action(), AT)
    with pytest.raises(IllegalMove) as refused:
        steps.agree(DELEGATE, "État")
    assert refused.value.state == "preparing"
    assert refused.value.allowed_actions == ["diagnosis"]


def test_the_opening_names_all_parties() -> None:
    fact = Steps().pact.opened()
    assert fact.parties == ("État", "Communauté de communes Vexin Centre", "Magny-en-Vexin")
    assert fact.source == "/qualification/95"


def test_the_plan_begins_when_the_last_party_agrees() -> None:
    steps = Steps().shared()
    assert steps.agree(SAT, "magny-en-vexin").complete is False
    assert steps.agree(DELEGATE, "État").complete is False
    assert steps.pact.agreed_on is None
    assert steps.agree(SAT, "Communauté de communes Vexin Centre").complete is True
    assert steps.pact.state is PactState.PLANNING
    assert steps.pact.allowed_actions(SAT) == ["diagnosis", "invitations", "actions"]


@pytest.mark.parametrize("reference", ["État", "l'Etat", " ETAT ", "state"])
def test_the_state_is_known_by_its_usual_names(reference: str) -> None:
    assert Steps().shared().agree(DELEGATE, reference).party == "État"


def test_a_party_is_known_by_its_id() -> None:
    steps = Steps().shared()
    assert steps.agree(SAT, str(steps.pact.parties[2].id)).party == "Magny-en-Vexin"


def test_a_party_that_is_none_is_refused_with_the_names_of_those_that_are() -> None:
    with pytest.raises(Invalid) as refused:
        Steps().shared().agree(SAT, "Pontoise")
    assert refused.value.errors[0].field == "party"
    assert "Magny-en-Vexin" in refused.value.errors[0].message


def test_only_a_delegate_acts_for_the_state() -> None:
    steps = Steps().shared()
    with pytest.raises(StateNeedsDelegate):
        steps.agree(SAT, "État")
    steps.planned()
    with pytest.raises(StateNeedsDelegate):
        steps.sign(SAT, "État")


def test_what_other_parties_did_is_recorded_by_a_sat_agent() -> None:
    with pytest.raises(RecordedByAgent):
        Steps().shared().agree(DELEGATE, "Magny-en-Vexin")


def test_a_party_agrees_a_version_once() -> None:
    steps = Steps().shared()
    steps.agree(SAT, "Magny-en-Vexin")
    with pytest.raises(AlreadyAgreed) as refused:
        steps.agree(SAT, "Magny-en-Vexin")
    assert "Magny-en-Vexin" in refused.value.detail
    assert refused.value.allowed_actions == ["diagnosis", "invitations", "agreements"]


def test_an_agent_sees_no_agreement_to_record_when_only_the_state_is_awaited() -> None:
    steps = Steps().shared()
    steps.agree(SAT, "Magny-en-Vexin")
    steps.agree(SAT, "Communauté de communes Vexin Centre")
    assert "agreements" not in steps.pact.allowed_actions(SAT)
    assert "agreements" in steps.pact.allowed_actions(DELEGATE)


def test_another_diagnosis_is_a_new_version_that_nobody_agreed_yet() -> None:
    steps = Steps().shared()
    steps.agree(SAT, "Magny-en-Vexin")
    _, fact = steps.pact.share_diagnosis(SAT, AT)
    assert fact.version == 2
    assert [party.agreed_on for party in steps.pact.parties] == [None, None, None]
    assert steps.pact.state is PactState.DIAGNOSIS


def test_another_diagnosis_takes_the_pact_back_from_its_plan() -> None:
    steps = Steps().planned()
    steps.pact.share_diagnosis(DELEGATE, AT)
    assert steps.pact.state is PactState.DIAGNOSIS
    assert steps.pact.agreed_on is None
    with pytest.raises(DiagnosisNotAgreed):
        steps.sign(DELEGATE, "État")
    assert [action.title for action in steps.pact.actions] == ["Ouvrir une halle"]


def test_an_empty_plan_is_not_signed() -> None:
    with pytest.raises(PlanEmpty):
        Steps().agreed().sign(DELEGATE, "État")


def test_an_action_can_be_taken_out_before_the_first_signature() -> None:
    steps = Steps().planned()
    steps.pact.remove_action(SAT, steps.action.id, AT)
    assert steps.pact.allowed_actions(DELEGATE) == ["diagnosis", "invitations", "actions"]


def test_an_action_due_in_the_past_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        Steps().agreed().pact.add_action(SAT, an_action(due_on=TODAY - timedelta(days=1)), AT)
    assert refused.value.errors[0].field == "due_on"


def test_the_first_signature_freezes_diagnosis_and_plan() -> None:
    steps = Steps().planned()
    steps.sign(DELEGATE, "État")
    for change in (
        lambda: steps.pact.add_action(SAT, an_action(), AT),
        lambda: steps.pact.remove_action(SAT, steps.action.id, AT),
        lambda: steps.pact.share_diagnosis(SAT, AT),
    ):
        with pytest.raises(PlanFrozen):
            change()
    assert steps.pact.allowed_actions(SAT) == ["invitations", "signatures"]
    assert steps.pact.allowed_actions(DELEGATE) == ["invitations"]


def test_a_party_signs_once() -> None:
    steps = Steps().planned()
    steps.sign(SAT, "Magny-en-Vexin")
    with pytest.raises(AlreadySigned):
        steps.sign(SAT, "Magny-en-Vexin")


def test_the_last_signature_puts_the_pact_in_force() -> None:
    steps = Steps().signed()
    assert steps.pact.state is PactState.SIGNED
    assert steps.pact.signed_on == TODAY
    assert steps.pact.allowed_actions(SAT) == ["invitations", "progress", "reviews"]


def test_progress_is_told_once_all_have_signed() -> None:
    steps = Steps().planned()
    with pytest.raises(NotSignedYet):
        steps.pact.report(SAT, steps.action.id, 10, None, AT)
    steps.signed()
    action, by, fact = steps.pact.report(DELEGATE, steps.action.id, 40, "under_way", AT)
    assert (action.percent, action.status) == (40, "under_way")
    assert by.role is Role.DELEGATE
    assert (fact.percent, fact.status) == (40, "under_way")


def test_progress_of_an_action_of_no_plan_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        Steps().signed().pact.report(SAT, UUID(int=7), 10, None, AT)
    assert refused.value.errors[0].field == "action_id"


@pytest.mark.parametrize(
    ("percent", "status", "expected"),
    [
        (0, None, (0, "planned")),
        (30, None, (30, "under_way")),
        (100, None, (100, "done")),
        (None, "done", (100, "done")),
        (None, "planned", (0, "planned")),
        (None, "given_up", (60, "given_up")),
        (100, "under_way", (100, "under_way")),
    ],
)
def test_what_is_not_told_of_progress_follows_from_the_rest(
    percent: int | None, status: Any, expected: tuple[int, str]
) -> None:
    assert progress(an_action(percent=60, status="under_way"), percent, status) == expected


@pytest.mark.parametrize(
    ("percent", "status", "field_"),
    [(None, None, "percent"), (80, "done", "percent"), (10, "planned", "status")],
)
def test_figures_that_contradict_the_status_are_refused(percent: int | None, status: Any, field_: str) -> None:
    with pytest.raises(Invalid) as refused:
        progress(an_action(), percent, status)
    assert refused.value.errors[0].field == field_


def test_days_to_come_and_days_before_it_was_possible_are_refused() -> None:
    steps = Steps().shared()
    for on in (TODAY + timedelta(days=1), TODAY - timedelta(days=1)):
        with pytest.raises(Invalid) as refused:
            steps.agree(SAT, "Magny-en-Vexin", on)
        assert refused.value.errors[0].field == "on"
    assert all(party.agreed_on is None for party in steps.pact.parties)


def test_the_review_is_due_every_year() -> None:
    assert review_due(date(2027, 1, 12), None, over=False) == date(2028, 1, 12)
    assert review_due(date(2027, 1, 12), date(2028, 3, 1), over=False) == date(2029, 3, 1)
    assert review_due(date(2028, 2, 29), None, over=False) == date(2029, 2, 28)


def test_no_review_is_due_before_the_signatures_nor_once_all_actions_are_over() -> None:
    assert review_due(None, None, over=False) is None
    assert review_due(date(2027, 1, 12), None, over=True) is None


def test_a_review_is_noted_once_the_pact_is_signed() -> None:
    with pytest.raises(NotSignedYet):
        Steps().planned().pact.review(SAT, None, AT)
    steps = Steps().signed()
    _, told = steps.pact.review(SAT, None, AT)
    assert told.held_on == steps.pact.reviewed_on == TODAY


def test_an_action_is_late_as_long_as_something_is_expected_of_it() -> None:
    yesterday = TODAY - timedelta(days=1)
    assert is_late(yesterday, "under_way", TODAY)
    assert not is_late(yesterday, "done", TODAY)
    assert not is_late(TODAY, "planned", TODAY)


def test_how_far_a_plan_is_rounds_halves_up() -> None:
    assert mean_percent([10, 15]) == 13
    assert mean_percent([]) is None


def test_who_has_no_role_here_does_nothing() -> None:
    steps = Steps()
    assert steps.pact.allowed_actions(NOBODY) == []
    with pytest.raises(Forbidden):
        steps.pact.share_diagnosis(NOBODY, AT)


def test_the_state_is_recognised_among_the_parties_that_are_named() -> None:
    assert means_state("L’État", None)
    assert means_state("Préfecture du Val-d’Oise", PartyKind.STATE)
    assert not means_state("État", PartyKind.ASSOCIATION)
    assert not means_state("Étampes", None)
