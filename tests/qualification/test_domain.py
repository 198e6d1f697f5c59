"""The rules of the département, without database: who may do what when, what answers need, who is matched."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest

from services.qualification.domain import cost
from services.qualification.domain.case import Case, Question
from services.qualification.domain.matching import CatalogueEntry, match
from services.qualification.domain.moves import MOVES, Action, Standing, State
from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.domain.people import Official
from services.qualification.domain.proposal import Proposal, Propose, Tried, check
from services.qualification.domain.refusals import (
    AlreadyAnswered,
    EvidenceMissing,
    OwnProposal,
    QualificationMissing,
)
from services.qualification.domain.rules import Rules
from services.qualification.settings import Settings
from shared.calendar import today
from shared.contracts import qualification as facts
from shared.contracts.fact import Actor
from shared.contracts.intake import Applicant
from shared.contracts.vocabulary import (
    ApplicantKind,
    EscalationMotive,
    Field,
    LocalOffer,
    Outcome,
    Programme,
    RequestKind,
    Role,
    Stage,
    SupportType,
)
from shared.contracts.withdrawal import Withdrawal
from shared.errors import Forbidden, IllegalMove, Invalid
from tests.qualification.life import a_request

AT = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SAT = Official("sat95@cousu.test", "Agent SAT", frozenset({Role.SAT_AGENT}))
DELEGATE = Official("delegue95@cousu.test", "Délégué", frozenset({Role.DELEGATE}))
BOTH = Official("deux95@cousu.test", "Les deux", frozenset({Role.SAT_AGENT, Role.DELEGATE}))
NOBODY = Official("exploitant@cousu.test", "Exploitant", frozenset())
SERVICE = facts.Service(name="SAT")
DUE = date(2026, 11, 9)
GRID = facts.Qualification(
    need=3,
    capacity=3,
    complexity=3,
    urgency=3,
    maturity=3,
    local_offer=LocalOffer.NONE,
    opinion="Avis.",
    fully_covered=False,
)


def a_case(**changes: Any) -> Case:
    """A registered case."""
    case = Case(uuid4(), "95", "95-2026-000001", a_request(), opened_at=AT, state_since=AT)
    case.register(SERVICE, DUE, AT)
    for name, value in changes.items():
        setattr(case, name, value)
    return case


def an_examined_case() -> Case:
    """A case under examination."""
    case = a_case()
    case.start_examination(SAT, AT, DUE)
    return case


def a_qualified_case() -> Case:
    """A case whose grid is filled in."""
    case = an_examined_case()
    case.qualify(SAT, GRID, AT)
    return case


def a_proposed_case(by: Official = SAT, outcome: Outcome = Outcome.REFUSAL) -> Case:
    """A case that waits for a validation."""
    case = a_qualified_case()
    signature = case.require_proposal(by, outcome)
    case.propose(Proposal(outcome=outcome, motive="Motif.", by=signature, at=AT))
    return case


def test_a_registered_case_has_the_clock_of_the_examination() -> None:
    case = a_case()
    assert (case.state, case.stage, case.due_on) == (State.REGISTERED, Stage.START_EXAMINATION, DUE)


def test_the_examination_is_begun_once() -> None:
    case = an_examined_case()
    with pytest.raises(IllegalMove) as refused:
        case.start_examination(SAT, AT, DUE)
    assert refused.value.state == "under_examination"
    assert "qualification" in refused.value.allowed_actions


def test_whoever_begins_has_the_case_unless_somebody_has_it() -> None:
    assert an_examined_case().assignee_email == SAT.email
    case = a_case(assignee_email="autre@cousu.test", assignee_name="Autre")
    case.start_examination(SAT, AT, DUE)
    assert case.assignee_email == "autre@cousu.test"


@pytest.mark.parametrize("state", list(State))
def test_what_is_listed_as_allowed_is_what_is_not_refused(state: State) -> None:
    for who in (SAT, DELEGATE, BOTH, NOBODY):
        case = a_proposed_case()
        case.state = state
        case.question = Question(text="Une question ?")
        allowed = case.allowed_actions(who)
        for action in Action:
            if action.value in allowed:
                assert case.require(action, who).email == who.email
            else:
                with pytest.raises((Forbidden, IllegalMove)):
                    case.require(action, who)


def test_every_action_has_its_line_in_the_table() -> None:
    assert set(MOVES) == set(Action)


def test_somebody_without_a_role_here_may_do_nothing() -> None:
    for state in State:
        assert Standing(state, asked=True).allowed_actions(NOBODY) == []


def test_a_proposal_rests_on_a_qualification() -> None:
    case = an_examined_case()
    for outcome in Outcome:
        if outcome in {Outcome.REFUSAL, Outcome.TRANSFER}:
            assert case.require_proposal(SAT, outcome).role is Role.SAT_AGENT
        else:
            with pytest.raises(QualificationMissing):
                case.require_proposal(SAT, outcome)


def test_a_delegue_signs_his_proposal_as_delegue() -> None:
    assert a_qualified_case().require_proposal(DELEGATE, Outcome.REFUSAL).role is Role.DELEGATE


def test_nobody_validates_his_own_proposal_whatever_his_roles() -> None:
    case = a_proposed_case(by=BOTH)
    with pytest.raises(OwnProposal):
        case.validate(BOTH, AT)
    assert case.state is State.PROPOSED
    assert case.validate(DELEGATE, AT).validated_by is not None


def test_a_delegue_may_take_his_own_proposal_back() -> None:
    case = a_proposed_case(by=DELEGATE)
    case.reject(DELEGATE, "Je la retire.", AT)
    assert case.state is State.UNDER_EXAMINATION


def test_the_clock_of_the_departement_runs_until_the_validation() -> None:
    assert a_proposed_case().stage is Stage.QUALIFY
    case = a_proposed_case()
    case.validate(DELEGATE, AT)
    assert (case.stage, case.due_on) == (None, None)


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        (Outcome.LOCAL_ORIENTATION, State.ORIENTED_LOCALLY),
        (Outcome.LOCAL_SUPPORT, State.SUPPORTED_LOCALLY),
        (Outcome.PROGRAMME, State.DIRECTED_TO_PROGRAMME),
        (Outcome.ESCALATION, State.ESCALATED),
        (Outcome.REFUSAL, State.REFUSED),
        (Outcome.TRANSFER, State.TRANSFERRED),
    ],
)
def test_each_outcome_leads_to_its_state(outcome: Outcome, state: State) -> None:
    case = a_proposed_case(outcome=outcome)
    case.validate(DELEGATE, AT)
    assert case.state is state


def test_waiting_for_the_applicant_suspends_and_coming_back_resumes() -> None:
    case = an_examined_case()
    case.request_information(SAT, ("Un plan",), date(2026, 12, 1), AT)
    assert (case.suspended_on, case.answer_until) == (date(2026, 11, 2), date(2026, 12, 1))
    case.resume(AT, date(2026, 11, 20))
    assert (case.state, case.suspended_on, case.due_on) == (State.UNDER_EXAMINATION, None, date(2026, 11, 20))


def test_the_applicant_is_given_a_day_to_come() -> None:
    case = an_examined_case()
    with pytest.raises(Invalid):
        case.request_information(SAT, ("Un plan",), date(2026, 11, 2), AT)


def test_a_case_that_comes_back_is_told_as_reopened() -> None:
    case = a_proposed_case(outcome=Outcome.ESCALATION)
    case.validate(DELEGATE, AT)
    assert case.reopen(AT, DUE).reopened
    assert case.proposal is None
    assert case.qualification is GRID


RULED: dict[State, str] = {
    State.REGISTERED: "accepted",
    State.UNDER_EXAMINATION: "accepted",
    State.AWAITING_INFORMATION: "accepted",
    State.PROPOSED: "accepted",
    State.ORIENTED_LOCALLY: "void",
    State.SUPPORTED_LOCALLY: "void",
    State.DIRECTED_TO_PROGRAMME: "elsewhere",
    State.ESCALATED: "elsewhere",
    State.REFUSED: "refused",
    State.TRANSFERRED: "elsewhere",
    State.WITHDRAWN: "elsewhere",
}
"""State of the case → what becomes of a request to withdraw while no provider has accepted."""


def ruled(case: Case, orientation: Orientation | None) -> str:
    """Say how a request to withdraw is answered."""
    fact = case.answer_withdrawal(Withdrawal(AT, "Abandonné."), orientation, AT)
    match fact:
        case None:
            return "elsewhere"
        case facts.WithdrawalAccepted():
            return "void" if fact.void else "accepted"
        case _:
            assert fact.state == case.state.value
            return fact.reason.value


@pytest.mark.parametrize("state", State)
def test_each_state_rules_on_a_request_to_withdraw(state: State) -> None:
    case = a_proposed_case()
    case.state = state
    assert ruled(case, an_orientation()) == RULED[state]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("answer", OrientationState)
def test_a_provider_who_accepted_comes_before_a_request_to_withdraw(answer: OrientationState, state: State) -> None:
    case = a_proposed_case()
    case.state = state
    engaged = state is State.ORIENTED_LOCALLY and answer is not OrientationState.OPEN
    orientation = an_orientation()
    orientation.state = answer
    assert ruled(case, orientation) == ("provider_engaged" if engaged else RULED[state])


def test_a_withdrawn_local_support_gives_its_money_back() -> None:
    case = a_proposed_case()
    case.state = State.SUPPORTED_LOCALLY
    case.proposal = case.pending.model_copy(update={"amount_cents": 12_300})
    fact = case.answer_withdrawal(Withdrawal(AT, "Abandonné."), None, AT)
    assert isinstance(fact, facts.WithdrawalAccepted)
    assert (fact.void, fact.given_back_cents) == ("supported_locally", 12_300)


def test_a_withdrawn_case_waits_for_nobody() -> None:
    case = a_case(question=Question(text="Le foncier ?"))
    case.apply(
        facts.WithdrawalAccepted(
            request_id=case.request_id, departement="95", at=AT, withdrawn_at=AT, motive="Abandonné."
        )
    )
    assert (case.state, case.stage, case.question) == (State.WITHDRAWN, None, None)


def test_a_late_stage_is_told_with_its_date() -> None:
    fact = a_case().stage_overdue(AT)
    assert (fact.stage, fact.due_on) == (Stage.START_EXAMINATION, DUE)


# What each outcome needs


def draft(outcome: Outcome, **changes: Any) -> Propose:
    """A complete proposal of an outcome."""
    complete: dict[Outcome, dict[str, Any]] = {
        Outcome.LOCAL_ORIENTATION: {"provider_id": uuid4()},
        Outcome.LOCAL_SUPPORT: {"support_types": [SupportType.AMO_PUBLIQUE], "amount_cents": 100},
        Outcome.PROGRAMME: {"programme": Programme.FRANCE_SERVICES},
        Outcome.ESCALATION: {
            "motive_code": EscalationMotive.LOCAL_OFFER_INSUFFICIENT,
            "providers_tried": [Tried(provider_id=uuid4(), answer="Non.")],
            "opinion": "Favorable.",
        },
        Outcome.REFUSAL: {},
        Outcome.TRANSFER: {"departement": "78"},
    }
    return Propose(outcome=outcome, **{"motive": "Motif.", **complete[outcome], **changes})


def wrong(checked: Propose, *, somebody_local: bool = True) -> set[str]:
    """The fields that are refused."""
    try:
        check(checked, RequestKind.TAILORED_SUPPORT, "95", somebody_local=somebody_local)
    except Invalid as refusal:
        return {error.field for error in refusal.errors}
    return set()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_a_complete_draft_passes(outcome: Outcome) -> None:
    assert wrong(draft(outcome)) == set()


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_motive(outcome: Outcome) -> None:
    assert wrong(draft(outcome, motive=" ")) == {"motive"}


def test_all_wrong_fields_are_told_at_once() -> None:
    checked = draft(
        Outcome.LOCAL_SUPPORT, support_types=[], amount_cents=None, motive=None, programme=Programme.FRANCE_SERVICES
    )
    assert wrong(checked) == {"motive", "support_types", "amount_cents", "programme"}


def test_an_escalation_needs_motive_code_and_opinion() -> None:
    with pytest.raises(EvidenceMissing) as refused:
        check(
            Propose(outcome=Outcome.ESCALATION, motive="Motif."),
            RequestKind.TAILORED_SUPPORT,
            "95",
            somebody_local=True,
        )
    assert [error.field for error in refused.value.errors] == ["motive_code", "opinion"]


def test_who_says_that_there_is_no_offer_has_asked_those_whom_the_catalogue_names() -> None:
    checked = draft(Outcome.ESCALATION, motive_code=EscalationMotive.NO_LOCAL_OFFER, providers_tried=[])
    assert wrong(checked, somebody_local=True) == {"providers_tried"}
    assert wrong(checked, somebody_local=False) == set()


def test_a_complex_project_may_be_escalated_without_asking_anybody() -> None:
    checked = draft(Outcome.ESCALATION, motive_code=EscalationMotive.COMPLEX_OR_MULTITHEMATIC, providers_tried=[])
    assert wrong(checked) == set()


def test_a_provider_tried_has_answered_something() -> None:
    assert wrong(draft(Outcome.ESCALATION, providers_tried=[Tried(provider_id=uuid4(), answer=" ")])) == {
        "providers_tried.0.answer"
    }


# Who pays


@pytest.mark.parametrize(
    ("kind", "population", "covered"),
    [
        (ApplicantKind.COMMUNE, 3_499, True),
        (ApplicantKind.COMMUNE, 3_500, False),
        (ApplicantKind.EPCI, 14_999, True),
        (ApplicantKind.EPCI, 15_000, False),
        (ApplicantKind.DEPARTEMENT, 100, False),
        (ApplicantKind.COMMUNE, None, False),
    ],
)
def test_the_small_are_fully_covered(kind: ApplicantKind, population: int | None, covered: bool) -> None:
    applicant = Applicant(kind=kind, code="1", name="X", departement="95", population=population)
    assert cost.is_fully_covered(applicant) is covered


def test_following_the_rule_needs_no_motive_and_departing_does() -> None:
    applicant = a_request().applicant
    assert cost.settle(applicant, None, None) == (False, None)
    assert cost.settle(applicant, False, "inutile") == (False, None)
    with pytest.raises(Invalid):
        cost.settle(applicant, True, "  ")
    assert cost.settle(applicant, True, " Fragile. ") == (True, "Fragile.")


# Who may help


def an_entry(name: str, **changes: Any) -> CatalogueEntry:
    """A provider of the Val-d'Oise."""
    return CatalogueEntry(uuid4(), name, "CAUE", "x@exemple.test", **{"departements": ("95",), **changes})


def matched(*entries: CatalogueEntry, **changes: Any) -> list[str]:
    """The names of those who match, best first."""
    return [found.provider.name for found in match(a_request(**changes), "95", entries, date(2026, 11, 2))]


def test_the_one_who_fits_best_comes_first() -> None:
    field = (Field.REVITALISATION_COMMERCIALE,)
    support = (SupportType.INGENIERIE_PROJET,)
    assert matched(
        an_entry("général"),
        an_entry("champ", fields=field, support_types=(SupportType.CAPITALISATION,)),
        an_entry("tout", fields=field, support_types=support),
    ) == ["tout", "champ", "général"]


def test_who_works_elsewhere_on_something_else_or_no_more_does_not_match() -> None:
    assert not matched(
        an_entry("ailleurs", departements=("78",)),
        an_entry("autre champ", fields=(Field.HABITAT,), support_types=(SupportType.CAPITALISATION,)),
        an_entry("plein", capacity=2, engaged=2),
        an_entry("passé", valid_until=date(2026, 11, 1)),
        an_entry("à venir", valid_from=date(2026, 11, 3)),
        an_entry("autre commune", communes=("95127",)),
        an_entry("autre EPCI", epci=("249500109",)),
    )


def test_a_narrow_area_is_that_of_the_commune_or_its_epci() -> None:
    assert matched(an_entry("commune", communes=("95355",)), an_entry("EPCI", epci=("200035970",))) == [
        "EPCI",
        "commune",
    ]


def test_a_request_that_names_nothing_is_matched_by_area() -> None:
    assert matched(an_entry("habitat", fields=(Field.HABITAT,)), fields=(), support_types=()) == ["habitat"]


def test_reasons_are_sentences() -> None:
    (found,) = match(
        a_request(), "95", [an_entry("CAUE", fields=(Field.REVITALISATION_COMMERCIALE,), capacity=1)], date(2026, 11, 2)
    )
    assert found.reasons == (
        "Intervient dans le champ demandé\u00a0: revitalisation commerciale.",
        "Propose tous les types d’accompagnement.",
        "Intervient dans tout le département (95).",
        "Peut encore suivre 1 demande.",
    )


# What a provider answers


def an_orientation(**changes: Any) -> Orientation:
    """A question to a provider."""
    provider_id: UUID = uuid4()
    return Orientation(
        **{
            "id": uuid4(),
            "request_id": uuid4(),
            "departement": "95",
            "provider_id": provider_id,
            "provider": facts.Provider(id=provider_id, name="CAUE", email="caue@exemple.test"),
            "motive": "Motif.",
            "until": date(2026, 11, 16),
            "opened_at": AT,
            **changes,
        }
    )


@pytest.mark.parametrize("state", [state for state in OrientationState if state is not OrientationState.OPEN])
def test_a_second_answer_is_refused_and_says_why(state: OrientationState) -> None:
    answers: list[Callable[[Orientation], object]] = [
        lambda asked: asked.accept(AT, start_until=DUE),
        lambda asked: asked.decline("Non.", AT),
        lambda asked: asked.give_up(AT),
        lambda asked: asked.cancel(AT),
    ]
    for answer in answers:
        with pytest.raises(AlreadyAnswered):
            answer(an_orientation(state=state))


def test_silence_is_a_decline_that_says_so() -> None:
    fact = an_orientation().give_up(AT)
    assert fact.silent
    assert fact.motive


# What a deployer chooses


def test_days_are_working_days_of_the_departement() -> None:
    rules = Rules()
    friday = datetime(2026, 11, 6, 9, 0, tzinfo=UTC)
    assert rules.due(Stage.START_EXAMINATION, "95", friday) == date(2026, 11, 16)  # 11 November is a holiday


def test_the_time_that_the_applicant_took_is_given_back() -> None:
    rules = Rules()
    at = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
    assert rules.prolonged(date(2026, 11, 17), date(2026, 11, 13), "95", at) == date(2026, 11, 24)


def test_a_day_begins_where_the_departement_lies() -> None:
    late = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    assert today("95", late) == date(2026, 11, 3)
    assert today("971", late) == date(2026, 11, 2)


def test_a_departement_that_the_directory_does_not_know_has_no_made_up_coordinates() -> None:
    service = Rules().service("23")
    assert service == facts.Service(name="Service de l’accompagnement des territoires – DDT 23")


@pytest.mark.parametrize(
    ("given", "codes"), [("*", None), ("95", ("95",)), (" 95, 2a ", ("95", "2A")), ("971,95,95", ("971", "95"))]
)
def test_departements_are_read_from_the_environment(
    settings: Settings, given: str, codes: tuple[str, ...] | None
) -> None:
    changed = Settings.model_validate({**settings.model_dump(), "departements": given})
    assert changed.codes == codes
    assert changed.rules.serves("95") is (codes is None or "95" in codes)


@pytest.mark.parametrize("given", ["", "Val-d’Oise", "95;78"])
def test_what_is_no_list_of_departements_is_refused_at_the_start(settings: Settings, given: str) -> None:
    with pytest.raises(ValueError, match="départements"):
        Settings.model_validate({**settings.model_dump(), "departements": given})


def test_a_signature_is_the_first_role_that_counts() -> None:
    assert BOTH.acting_as(Role.DELEGATE) == Actor(role=Role.DELEGATE, name="Les deux", email=BOTH.email)
