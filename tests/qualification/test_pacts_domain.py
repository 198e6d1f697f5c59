"""What may be done with a pact, by whom and when, without any database."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.qualification.domain.pact import Pact, Signatory
from services.qualification.domain.pact_moves import PactState
from services.qualification.domain.pact_parties import Party, PartyKind, means_state
from services.qualification.domain.pact_plan import (
    InCharge,
    PlannedAction,
    Share,
    is_late,
    mean_percent,
    progress,
    review_due,
)
from services.qualification.domain.pact_refusals import (
    AlreadyAgreed,
    AlreadySigned,
    DiagnosisNotAgreed,
    LastParty,
    NothingToReopen,
    NotSignedYet,
    Outdated,
    OwnersUnknown,
    PlanEmpty,
    PlanFrozen,
    PlanNotReady,
    PlanReady,
    RecordedByAgent,
    StateNeedsDelegate,
    StateStays,
    StillInCharge,
    VersionUnderWay,
)
from services.qualification.domain.people import Official, Representative
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
LONG_AGO = AT - timedelta(days=900)


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
        self.pact.add_action(SAT, an_action(self.pact), AT)
        return self

    def ready(self) -> "Steps":
        """The plan is ready to be signed."""
        self.planned()
        self.pact.make_ready(SAT, AT)
        return self

    def sign(self, who: Official, party: str, on: date | None = None) -> PactSigned:
        """A party signs."""
        return self.pact.sign(who, party, on, AT)[2]

    def signed(self) -> "Steps":
        """Every party signs."""
        self.ready()
        for party in self.pact.parties:
            self.sign(BOTH, party.name)
        return self

    @property
    def epci(self) -> Party:
        """The community of communes."""
        return self.pact.parties[1]

    @property
    def commune(self) -> Party:
        """The commune."""
        return self.pact.parties[2]

    @property
    def action(self) -> PlannedAction:
        """The plan's first action."""
        return self.pact.actions[0]


def an_action(pact: Pact | None = None, **changes: Any) -> PlannedAction:
    """An action of the plan, owned by the last party of a pact: the commune."""
    owner = InCharge(pact.present[-1].id, pact.present[-1].name) if pact else InCharge(None, "Magny-en-Vexin")
    given: dict[str, Any] = {
        "id": new_id(),
        "title": "Ouvrir une halle",
        "owner": owner,
        "due_on": TODAY + timedelta(days=200),
    }
    return PlannedAction(**{**given, **changes})


def test_a_pact_begins_with_its_diagnosis() -> None:
    steps = Steps()
    assert steps.pact.allowed_actions(SAT) == ["diagnosis", "parties"]
    with pytest.raises(DiagnosisNotAgreed):
        steps.pact.add_action(SAT, an_action(), AT)
    with pytest.raises(IllegalMove) as refused:
        steps.agree(DELEGATE, "État")
    assert refused.value.state == "preparing"
    assert refused.value.allowed_actions == ["diagnosis", "parties"]


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
    assert steps.pact.allowed_actions(SAT) == ["diagnosis", "parties", "invitations", "actions"]


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
    steps.ready()
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
    assert refused.value.allowed_actions == ["diagnosis", "parties", "invitations", "agreements"]


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


def test_an_action_can_be_taken_out_before_the_plan_is_ready() -> None:
    steps = Steps().planned()
    steps.pact.remove_action(SAT, steps.action.id, AT)
    assert steps.pact.allowed_actions(DELEGATE) == ["diagnosis", "parties", "invitations", "actions"]


def test_an_action_due_in_the_past_is_refused() -> None:
    with pytest.raises(Invalid) as refused:
        Steps().agreed().pact.add_action(SAT, an_action(due_on=TODAY - timedelta(days=1)), AT)
    assert refused.value.errors[0].field == "due_on"


def changes_of_plan(steps: Steps) -> list[Callable[[], object]]:
    """All that changes what the parties are to sign."""
    return [
        lambda: steps.pact.add_action(SAT, an_action(steps.pact), AT),
        lambda: steps.pact.change_action(SAT, replace(steps.action, title="Une autre"), None, AT),
        lambda: steps.pact.remove_action(SAT, steps.action.id, AT),
        lambda: steps.pact.share_diagnosis(SAT, AT),
        lambda: steps.pact.add_party(SAT, Party(new_id(), "Pontoise"), AT),
        lambda: steps.pact.correct_party(SAT, steps.commune.id, replace(steps.commune, name="Magny"), None, AT),
        lambda: steps.pact.remove_party(SAT, steps.epci.id, AT),
    ]


def test_nobody_signs_a_plan_that_is_not_said_to_be_ready() -> None:
    steps = Steps().planned()
    with pytest.raises(PlanNotReady) as refused:
        steps.sign(DELEGATE, "État")
    assert "readiness" in refused.value.allowed_actions
    with pytest.raises(PlanNotReady):
        steps.pact.sign(Representative(steps.commune.id, "La maire"), "", None, AT)
    assert steps.pact.allowed_actions(Representative(steps.commune.id, "La maire")) == []


def test_a_plan_that_is_ready_waits_for_all_and_does_not_change() -> None:
    steps = Steps().planned()
    _, told = steps.pact.make_ready(SAT, AT)
    assert told.version == 1
    for change in changes_of_plan(steps):
        with pytest.raises(PlanReady):
            change()
    assert steps.pact.allowed_actions(SAT) == ["invitations", "reopening", "signatures"]
    with pytest.raises(PlanReady):
        steps.pact.make_ready(SAT, AT)


def test_a_plan_is_taken_back_to_work_until_the_first_signature() -> None:
    steps = Steps().ready()
    steps.pact.reopen(SAT, AT)
    assert "actions" in steps.pact.allowed_actions(SAT)
    assert steps.pact.versions == []
    with pytest.raises(NothingToReopen):
        steps.pact.reopen(SAT, AT)
    steps.pact.make_ready(SAT, AT)
    steps.sign(SAT, "Magny-en-Vexin")
    with pytest.raises(PlanFrozen):
        steps.pact.reopen(SAT, AT)


def test_an_empty_plan_is_not_ready() -> None:
    with pytest.raises(PlanEmpty):
        Steps().agreed().pact.make_ready(SAT, AT)


def test_a_plan_is_not_ready_while_an_owner_is_only_a_name() -> None:
    steps = Steps().agreed()
    steps.pact.add_action(SAT, an_action(steps.pact, owner=InCharge(None, "La mairie")), AT)
    assert "readiness" not in steps.pact.allowed_actions(SAT)
    with pytest.raises(OwnersUnknown) as refused:
        steps.pact.make_ready(SAT, AT)
    assert "Ouvrir une halle" in refused.value.detail


def test_the_first_signature_freezes_parties_diagnosis_and_plan() -> None:
    steps = Steps().ready()
    steps.sign(DELEGATE, "État")
    for change in changes_of_plan(steps):
        with pytest.raises(PlanFrozen):
            change()
    assert steps.pact.allowed_actions(SAT) == ["invitations", "signatures", "versions"]
    assert steps.pact.allowed_actions(DELEGATE) == ["invitations", "versions"]


def test_whoever_signs_signs_the_plan_that_they_read() -> None:
    steps = Steps().ready()
    read = steps.pact.ready_at
    steps.pact.reopen(SAT, AT)
    steps.pact.make_ready(SAT, AT + timedelta(hours=1))
    mayor = Representative(steps.commune.id, "La maire")
    with pytest.raises(Outdated) as refused:
        steps.pact.sign(mayor, "", None, AT + timedelta(hours=2), seen=read)
    assert (
        "sat95 a déclaré le plan prêt à signer, le mardi 12\u00a0janvier 2027 à 11\u00a0h\u00a000"
        in refused.value.detail
    )
    assert steps.commune.signed_on is None
    steps.pact.sign(mayor, "", None, AT + timedelta(hours=2), seen=steps.pact.ready_at)


def test_whoever_agrees_or_writes_a_diagnosis_has_read_the_one_on_the_table() -> None:
    steps = Steps().shared()
    steps.pact.share_diagnosis(DELEGATE, AT, seen=1)
    with pytest.raises(Outdated):
        steps.pact.agree(SAT, "Magny-en-Vexin", None, AT, seen=1)
    with pytest.raises(Outdated):
        steps.pact.share_diagnosis(SAT, AT, seen=1)
    assert steps.pact.version == 2


def test_refusals_say_who_did_what_last_and_when() -> None:
    steps = Steps().ready()
    signatory = Signatory("Anne Roy", "Maire", "Délibération du 4 janvier 2027")
    steps.pact.sign(SAT, "Magny-en-Vexin", None, AT, signatory=signatory)
    with pytest.raises(PlanFrozen) as refused:
        steps.pact.add_action(SAT, an_action(steps.pact), AT)
    assert (
        "Anne Roy a signé pour Magny-en-Vexin, le mardi 12\u00a0janvier 2027 à 10\u00a0h\u00a000."
        in refused.value.detail
    )


def test_parties_change_until_the_plan_is_ready() -> None:
    steps = Steps().planned()
    added = Party(new_id(), "Pontoise", PartyKind.COMMUNE, "95500", "mairie@pontoise.test")
    steps.pact.add_party(SAT, added, AT)
    assert [party.name for party in steps.pact.awaited] == ["Pontoise"], "the new party has yet to agree"
    assert "actions" not in steps.pact.allowed_actions(SAT)
    assert steps.agree(SAT, "Pontoise").complete
    assert steps.pact.state is PactState.PLANNING
    removed = steps.pact.remove_party(SAT, steps.epci.id, AT)
    assert (removed.party, removed.email) == ("Communauté de communes Vexin Centre", None)
    assert [party.name for party in steps.pact.parties] == ["État", "Magny-en-Vexin", "Pontoise"]
    with pytest.raises(Invalid):
        steps.pact.remove_party(SAT, removed.party_id, AT)


def test_the_last_agreement_missing_leaves_with_its_party() -> None:
    steps = Steps().shared()
    steps.agree(BOTH, "État")
    steps.agree(SAT, "Magny-en-Vexin")
    assert steps.pact.remove_party(SAT, steps.epci.id, AT).complete
    assert steps.pact.state is PactState.PLANNING
    assert steps.pact.agreed_on == TODAY


def test_a_party_that_an_action_names_stays() -> None:
    steps = Steps().planned()
    with pytest.raises(StillInCharge) as refused:
        steps.pact.remove_party(SAT, steps.commune.id, AT)
    assert "Ouvrir une halle" in refused.value.detail


def test_the_state_and_a_second_party_stay() -> None:
    steps = Steps().agreed()
    for change in (
        lambda: steps.pact.remove_party(SAT, steps.pact.parties[0].id, AT),
        lambda: steps.pact.correct_party(SAT, steps.pact.parties[0].id, Party(new_id(), "Préfecture"), None, AT),
    ):
        with pytest.raises(StateStays):
            change()
    steps.pact.remove_party(SAT, steps.epci.id, AT)
    with pytest.raises(LastParty):
        steps.pact.remove_party(SAT, steps.pact.parties[1].id, AT)


def test_a_corrected_address_makes_earlier_links_open_nothing() -> None:
    steps = Steps().shared()
    steps.pact.invite(SAT, "Magny-en-Vexin", "mairie@magny.test", AT)
    corrected = replace(steps.commune, name="Magny-en-Vexin (commune)", email="maire@magny.test")
    party, told = steps.pact.correct_party(SAT, steps.commune.id, corrected, "magny-en-vexin", AT)
    assert (told.party, told.name, told.link_generation) == ("Magny-en-Vexin", "Magny-en-Vexin (commune)", 2)
    again = steps.pact.invite_again(party, told.by, AT)
    assert again is not None
    assert (again.email, again.expected, again.link_generation) == ("maire@magny.test", "agree", 2)
    with pytest.raises(Outdated):
        steps.pact.correct_party(SAT, steps.commune.id, corrected, "Magny-en-Vexin", AT)


def test_two_parties_have_neither_one_name_nor_one_code() -> None:
    steps = Steps().shared()
    steps.commune.code = "95355"
    for twice in (Party(new_id(), "MAGNY-en-vexin"), Party(new_id(), "Magny", PartyKind.COMMUNE, "95355")):
        with pytest.raises(Invalid):
            steps.pact.add_party(SAT, twice, AT)
        with pytest.raises(Invalid):
            steps.pact.correct_party(SAT, steps.epci.id, twice, None, AT)
    assert len(steps.pact.parties) == 3


def test_an_action_is_edited_by_who_read_it_as_it_is() -> None:
    steps = Steps().planned()
    first = replace(steps.action, title="Ouvrir deux halles", due_on=steps.action.due_on)
    steps.pact.change_action(SAT, first, None, AT)
    steps.pact.change_action(SAT, replace(first, title="Ouvrir trois halles"), AT, AT + timedelta(minutes=5))
    with pytest.raises(Outdated):
        steps.pact.change_action(SAT, first, AT, AT + timedelta(minutes=9))
    assert [action.title for action in steps.pact.actions] == ["Ouvrir trois halles"]


def test_shares_stay_within_the_budget() -> None:
    steps = Steps().agreed()
    shares = (Share(InCharge(steps.epci.id, "CC"), 60_000_00), Share(InCharge(None, "FEDER"), 50_000_00))
    with pytest.raises(Invalid) as refused:
        steps.pact.add_action(SAT, an_action(steps.pact, budget_cents=100_000_00, shares=shares), AT)
    assert refused.value.errors[0].field == "shares"
    with pytest.raises(Invalid) as refused:
        steps.pact.add_action(SAT, an_action(steps.pact, shares=shares), AT)
    assert refused.value.errors[0].field == "budget_cents"
    steps.pact.add_action(SAT, an_action(steps.pact, budget_cents=110_000_00, shares=shares), AT)
    with pytest.raises(StillInCharge):
        steps.pact.remove_party(SAT, steps.epci.id, AT)


def amended() -> Steps:
    """The State and two parties prepare the second version of a signed pact."""
    steps = Steps().signed()
    steps.pact.start_version(SAT, AT)
    return steps


def test_an_amendment_leaves_the_version_in_force_as_it_is() -> None:
    steps = amended()
    assert (steps.pact.state, steps.pact.stage, steps.pact.number) == (PactState.SIGNED, PactState.PLANNING, 2)
    in_force = steps.pact.pursued[0]
    steps.pact.change_action(SAT, replace(steps.action, title="Ouvrir deux halles"), None, AT)
    steps.pact.add_action(SAT, an_action(steps.pact, title="Une maison de santé"), AT)
    assert [action.title for action in steps.pact.pursued] == ["Ouvrir une halle"]
    steps.pact.report(SAT, in_force.id, 40, None, AT)
    assert steps.action.percent == 40, "the amended action has the progress of the one in force"
    steps.pact.review(SAT, None, AT)
    with pytest.raises(Invalid):
        steps.pact.report(SAT, steps.pact.actions[1].id, 40, None, AT)


def test_an_amendment_is_in_force_once_all_have_signed_it() -> None:
    steps = amended()
    steps.pact.add_action(SAT, an_action(steps.pact, title="Une maison de santé"), AT)
    steps.pact.make_ready(SAT, AT)
    for party in list(steps.pact.parties):
        steps.sign(BOTH, party.name)
    assert [(version.number, version.state) for version in steps.pact.versions] == [(1, "replaced"), (2, "in_force")]
    assert len(steps.pact.pursued) == 2
    assert steps.pact.amending is None


def test_a_party_that_signed_stays_until_the_version_without_it_is_in_force() -> None:
    steps = amended()
    epci = steps.epci
    told = steps.pact.remove_party(SAT, epci.id, AT)
    assert told.from_version == 2
    assert epci in steps.pact.parties
    with pytest.raises(Forbidden):
        steps.pact.make_ready(SAT, AT)
        steps.pact.sign(Representative(epci.id, "Le président"), "", None, AT)
    steps.sign(DELEGATE, "État")
    assert steps.sign(SAT, "Magny-en-Vexin").complete
    assert epci not in steps.pact.parties
    assert epci.removed_at == AT


def test_an_amendment_is_given_up_until_somebody_signed_it() -> None:
    steps = amended()
    steps.pact.change_action(SAT, replace(steps.action, title="Ouvrir deux halles"), None, AT)
    steps.pact.remove_party(SAT, steps.epci.id, AT)
    steps.pact.add_party(SAT, Party(new_id(), "Pontoise"), AT)
    told = steps.pact.give_up(SAT, AT)
    assert [type(fact).__name__ for fact in told] == ["PactPartyRemoved", "PactVersionGivenUp"]
    assert [party.name for party in steps.pact.present][1:] == ["Communauté de communes Vexin Centre", "Magny-en-Vexin"]
    assert [action.title for action in steps.pact.actions] == ["Ouvrir une halle"]
    assert (steps.pact.number, steps.pact.stage) == (1, PactState.SIGNED)
    steps.pact.start_version(SAT, AT)
    steps.pact.make_ready(SAT, AT)
    steps.sign(DELEGATE, "État")
    assert "giving-up" not in steps.pact.allowed_actions(SAT)


def test_a_version_that_only_some_signed_is_replaced_by_a_new_one() -> None:
    steps = Steps().ready()
    steps.sign(DELEGATE, "État")
    steps.pact.start_version(SAT, AT)
    assert [(version.number, version.state) for version in steps.pact.versions] == [(1, "given_up")]
    assert (steps.pact.number, steps.pact.state, steps.pact.ready_at) == (2, PactState.PLANNING, None)
    assert not any(party.signed_on for party in steps.pact.parties)
    assert "actions" in steps.pact.allowed_actions(SAT)
    with pytest.raises(VersionUnderWay):
        steps.pact.start_version(SAT, AT)


def test_a_new_version_begins_once_there_is_something_to_replace() -> None:
    for steps in (Steps(), Steps().planned(), amended()):
        with pytest.raises(IllegalMove):
            steps.pact.start_version(SAT, AT)


def test_what_was_signed_before_plans_were_made_ready_goes_on() -> None:
    steps = Steps().planned()
    steps.commune.signed_on = TODAY
    assert steps.pact.allowed_actions(DELEGATE) == ["invitations", "signatures", "versions"]
    steps.sign(DELEGATE, "État")
    assert steps.sign(SAT, steps.epci.name).complete
    assert [(version.number, version.state) for version in steps.pact.versions] == [(1, "in_force")]


def test_a_party_signs_once() -> None:
    steps = Steps().ready()
    steps.sign(SAT, "Magny-en-Vexin")
    with pytest.raises(AlreadySigned):
        steps.sign(SAT, "Magny-en-Vexin")


def test_the_last_signature_puts_the_pact_in_force() -> None:
    steps = Steps().signed()
    assert steps.pact.state is PactState.SIGNED
    assert steps.pact.signed_on == TODAY
    assert steps.pact.allowed_actions(SAT) == ["invitations", "versions", "progress", "reviews"]


def test_progress_is_told_once_all_have_signed() -> None:
    with pytest.raises(NotSignedYet):
        steps = Steps().ready()
        steps.pact.report(SAT, steps.action.id, 10, None, AT)
    steps = Steps().signed()
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
