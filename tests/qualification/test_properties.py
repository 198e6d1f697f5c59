"""Cases and pacts led at random: what is listed is what is accepted, and nothing else changes anything."""

import copy
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from services.qualification.domain import working
from services.qualification.domain.case import Case, Question
from services.qualification.domain.moves import Action, State
from services.qualification.domain.pact import Pact
from services.qualification.domain.pact_moves import PactAction, PactState
from services.qualification.domain.pact_parties import Party
from services.qualification.domain.pact_plan import InCharge, PlannedAction
from services.qualification.domain.people import Helper, Official, Representative
from services.qualification.domain.proposal import Proposal
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts import qualification as facts
from shared.contracts.fact import Actor
from shared.contracts.vocabulary import LocalEnd, Outcome, Role
from shared.contracts.withdrawal import Withdrawal
from shared.identity import model as identity
from shared.identity.model import Agent
from shared.messaging.inbox.inbox import Inbox
from tests.properties.description import Api
from tests.properties.effort import effort
from tests.properties.moving import Act, open_to, take
from tests.properties.pages import Walk
from tests.qualification import test_domain as cases
from tests.qualification import test_pacts_domain as pacts
from tests.qualification.acting import CAUE, ORIENTATION, proposed, qualified
from tests.qualification.conftest import Browser, Client, Program, Programs
from tests.qualification.life import Life
from tests.qualification.test_pacts_api import PACT

OTHER_DELEGATE: Final = Official("autre95@cousu.test", "Autre délégué", frozenset({Role.DELEGATE}))
PROVIDER: Final = facts.Provider(id=new_id(), name="CAUE", email="caue@exemple.test")
PEOPLE: Final = (cases.SAT, cases.DELEGATE, OTHER_DELEGATE, cases.BOTH, cases.NOBODY)
WHO: Final = st.sampled_from(PEOPLE)
ON_CASES: Final = (*PEOPLE, Helper(PROVIDER.name))
WHO_ON_CASES: Final = st.sampled_from(ON_CASES)
AT, DUE, TODAY = cases.AT, cases.DUE, cases.AT.date()
USUAL: Final = timedelta(days=183)
YESTERDAY, TOMORROW = TODAY - timedelta(days=1), TODAY + timedelta(days=1)


def propose(outcome: Outcome) -> Act:
    """Propose an outcome, as the use case does."""

    def act(case: Case, who: Official) -> object:
        by = case.require_proposal(who, outcome)
        return case.propose(Proposal(outcome=outcome, motive="Motif.", by=by, at=AT))

    return act


def validate(case: Case, who: Official) -> object:
    """Validate what is proposed, as the use case does; a support begins its work."""
    proposal = case.validate(who, AT)
    if proposal.outcome is not Outcome.LOCAL_SUPPORT:
        return None
    by = proposal.validated_by or proposal.by
    return case.apply(
        facts.SupportedLocally(
            **case.about(AT), support_types=(), amount_cents=0, motive="Motif.", by=by, start_until=DUE
        )
    )


def milestone(case: Case) -> UUID:
    """Name the first milestone that is not reached, or one that is not there."""
    open_ones = case.local_work.open_milestones if case.local_work else []
    return open_ones[0].id if open_ones else new_id()


def set_milestone(days: int) -> Act:
    """Set a milestone so many days from now."""

    def act(case: Case, who: Official) -> object:
        due_on = TODAY + timedelta(days=days)
        return working.set_milestone(
            case, who, milestone_id=new_id(), title="Étude", due_on=due_on, deliverable=None, at=AT
        )

    return act


def complete(carry_reason: str | None) -> Act:
    """Complete the work, with or without a reason for what is open."""
    return lambda case, who: working.complete(
        case, who, report="Fait.", carry_reason=carry_reason, evaluation_until=DUE, at=AT
    )


def stop(reason: LocalEnd, spent: int | None = None) -> Act:
    """Stop the work, and look for another answer where one is to be found, as the use case does."""

    def act(case: Case, who: Official) -> object:
        fact = working.stop(case, who, reason=reason, motive="Fini.", spent_cents=spent, orientation=None, at=AT)
        return (fact, case.reopen(AT, DUE, fact.by)) if fact.reopens else fact

    return act


DOCUMENT: Final = intake.Document(
    id=new_id(), name="rapport.pdf", media_type="application/pdf", size=10, sha256="0" * 64, added_at=AT
)
ON_LOCAL_WORK: Final[Mapping[str, list[Act]]] = {
    Action.LOCAL_WORK: [
        lambda case, who: working.start(case, who, started_on=None, ends_on=None, usual=USUAL, at=AT),
        lambda case, who: working.start(case, who, started_on=TOMORROW, ends_on=None, usual=USUAL, at=AT),
        lambda case, who: working.start(case, who, started_on=TODAY, ends_on=TOMORROW, usual=USUAL, at=AT),
    ],
    Action.MILESTONES: [set_milestone(1), set_milestone(30), set_milestone(-1), set_milestone(1_000), set_milestone(0)],
    Action.REACHED: [
        lambda case, who: working.reach_milestone(case, who, milestone(case), reached_on=None, at=AT),
        lambda case, who: working.reach_milestone(case, who, milestone(case), reached_on=TOMORROW, at=AT),
    ],
    Action.POSTPONEMENT: [
        lambda case, who: (
            working.postpone_milestone(
                case, who, milestone(case), due_on=max(case.work.ends_on or TODAY, TODAY), motive="Plus tard.", at=AT
            )
            if case.local_work
            else case.require(Action.POSTPONEMENT, who)
        ),
        lambda case, who: case.require(Action.POSTPONEMENT, who),
    ],
    Action.PROGRESS: [
        lambda case, who: working.report_progress(
            case, who, report_id=new_id(), milestone_id=None, percent=40, text="Avance.", at=AT
        ),
        lambda case, who: working.report_progress(
            case, who, report_id=new_id(), milestone_id=new_id(), percent=40, text="Avance.", at=AT
        ),
    ],
    Action.DELIVERABLES: [lambda case, who: working.add_deliverable(case, who, milestone_id=None, document=DOCUMENT)],
    Action.TERM: [
        lambda case, who: working.postpone_end(
            case, who, ends_on=TODAY + timedelta(days=900), motive="Plus long.", at=AT
        ),
        lambda case, who: working.postpone_end(case, who, ends_on=YESTERDAY, motive="Plus court.", at=AT),
        lambda case, who: case.require(Action.TERM, who),
    ],
    Action.COMPLETION: [complete(None), complete("Sans objet.")],
    Action.STOP: [stop(LocalEnd.APPLICANT_GAVE_UP), stop(LocalEnd.NO_RESULT), stop(LocalEnd.NO_RESULT, 10)],
}
"""What is done about the work of a local answer."""

ON_A_CASE: Final[Mapping[str, list[Act]]] = {
    Action.ASSIGNMENT: [lambda case, who: case.assign(who, who.email, who.name)],
    Action.EXAMINATION: [lambda case, who: case.start_examination(who, AT, DUE)],
    Action.INFORMATION_REQUEST: [
        lambda case, who: case.request_information(who, ("Un plan",), TOMORROW, AT),
        lambda case, who: case.request_information(who, ("Un plan",), YESTERDAY, AT),
    ],
    Action.QUALIFICATION: [lambda case, who: case.qualify(who, cases.GRID, AT)],
    Action.PROPOSAL: [propose(outcome) for outcome in Outcome],
    Action.VALIDATION: [validate],
    Action.REJECTION: [lambda case, who: case.reject(who, "Motif.", AT)],
    Action.RETRACTION: [lambda case, who: case.take_back(who, AT)],
    Action.ORIENTATION_LINK: [lambda case, who: case.replace_orientation_link(who, cases.an_orientation(), None, AT)],
    Action.ANSWER: [lambda case, who: case.answer(who, "Réponse.", AT)],
    Action.MESSAGES: [lambda case, who: case.require(Action.MESSAGES, who)],
    Action.NOTES: [lambda case, who: case.require(Action.NOTES, who)],
    **ON_LOCAL_WORK,
}
FOR_GOOD: Final = {State.REFUSED, State.TRANSFERRED, State.WITHDRAWN, State.DIRECTED_TO_PROGRAMME}
CHANGED_BY: Final = {
    Action.EXAMINATION: {State.UNDER_EXAMINATION},
    Action.INFORMATION_REQUEST: {State.AWAITING_INFORMATION},
    Action.PROPOSAL: {State.PROPOSED},
    Action.REJECTION: {State.UNDER_EXAMINATION},
    Action.STOP: {State.UNDER_EXAMINATION, State.ORIENTED_LOCALLY, State.SUPPORTED_LOCALLY},
    Action.RETRACTION: {State.UNDER_EXAMINATION},
    Action.VALIDATION: set(State) - {State.REGISTERED, State.UNDER_EXAMINATION, State.PROPOSED, State.WITHDRAWN},
}
"""Where an action leads; the others leave the case where it is."""


class CaseLife(RuleBasedStateMachine):
    """A case in the hands of five people, of its applicant, of a provider and of the national team."""

    def __init__(self) -> None:
        super().__init__()
        self.case = cases.a_case()

    @rule(who=WHO_ON_CASES, action=st.sampled_from(list(Action)), way=st.integers(0, 5))
    def somebody_acts(self, who: Official, action: Action, way: int) -> None:
        before = copy.deepcopy(self.case)
        allowed = before.allowed_actions(who)
        ways = ON_A_CASE[action]
        told = take(self.case, ways[way % len(ways)], who, state=before.state.value, allowed=allowed)
        if told is None:
            return
        assert action.value in allowed
        assert self.case.state in CHANGED_BY.get(action, {before.state})
        assert all(fact.request_id == self.case.request_id and fact.departement == "95" for fact in told)
        if action is Action.VALIDATION:
            assert before.pending.by.email != who.email
        if before.state is State.PROPOSED and action in {Action.PROPOSAL, Action.RETRACTION}:
            assert before.pending.by.email == who.email

    @precondition(lambda self: self.case.state is State.AWAITING_INFORMATION)
    @rule()
    def the_applicant_answers(self) -> None:
        assert self.case.resume(AT, DUE).resumed
        assert self.case.state is State.UNDER_EXAMINATION

    @rule()
    def the_applicant_asks_to_withdraw(self) -> None:
        before = copy.deepcopy(self.case)
        fact = self.case.answer_withdrawal(Withdrawal(AT, "Abandonné."), None, AT)
        assert self.case == before, "an answer changes nothing before it is applied"
        if isinstance(fact, facts.WithdrawalAccepted):
            self.case.apply(fact)
            assert self.case.state is State.WITHDRAWN
            assert self.case.stage is None

    @precondition(lambda self: self.case.state is State.ORIENTED_LOCALLY and self.case.local_work is None)
    @rule()
    def the_provider_accepts(self) -> None:
        self.case.apply(
            facts.OrientationAccepted(
                **self.case.about(AT), orientation_id=new_id(), provider=PROVIDER, start_until=DUE
            )
        )

    @precondition(lambda self: self.case.local_work is not None and self.case.local_work.clocks)
    @rule(late=st.booleans())
    def a_clock_of_the_work_is_told(self, late: bool) -> None:
        told = {*self.case.work.late} if late else {*self.case.work.reminded, *self.case.work.late}
        for clock in self.case.work.clocks:
            if clock.key not in told:
                (working.mark_late if late else working.remind)(self.case, clock, None, AT)
        assert (self.case.work.late_after if late else self.case.work.to_remind_on) is None

    @precondition(
        lambda self: (
            self.case.state is State.ESCALATED
            or (self.case.state is State.ORIENTED_LOCALLY and self.case.local_work is None)
        )
    )
    @rule()
    def what_was_handed_on_comes_back(self) -> None:
        self.case.reopen(AT, DUE, Actor(role=Role.SYSTEM))
        assert self.case.state is State.UNDER_EXAMINATION

    @precondition(lambda self: self.case.state is State.ESCALATED)
    @rule()
    def the_national_team_asks(self) -> None:
        self.case.question = Question(text="Quel budget ?")

    @precondition(lambda self: self.case.stage is not None)
    @rule()
    def it_is_late(self) -> None:
        self.case.stage_overdue(AT)

    @invariant()
    def what_is_listed_is_what_is_accepted(self) -> None:
        for who in ON_CASES:
            assert open_to(self.case, ON_A_CASE, who) == set(self.case.allowed_actions(who))

    @invariant()
    def work_that_is_over_stays_over(self) -> None:
        work = self.case.local_work
        if work is not None and work.is_over:
            assert work.over_at is not None
            assert work.clocks == []
            assert not any({*ON_LOCAL_WORK} & {*self.case.allowed_actions(who)} for who in ON_CASES)

    @invariant()
    def what_is_over_stays_over(self) -> None:
        if self.case.state in FOR_GOOD:
            assert all(set(self.case.allowed_actions(who)) <= {Action.NOTES.value} for who in PEOPLE)
            assert self.case.stage is None

    @invariant()
    def a_proposal_waits_only_where_one_is_validated(self) -> None:
        if self.case.state is State.PROPOSED:
            assert self.case.pending.validated_by is None


def for_each_party(act: Act) -> list[Act]:
    """Take an action for each of the three parties, and for somebody who is none."""
    names = ("État", "Communauté de communes Vexin Centre", "Magny-en-Vexin", "Personne")
    return [lambda pact, who, name=name: act(pact, who, name) for name in names]


PLACES: Final = range(4)
"""Of parties: those of the beginning, and one that joined."""


def first_pursued(pact: Pact) -> object:
    """Name the first action of the plan in force, or one that is not there."""
    return pact.pursued[0].id if pact.pursued else new_id()


def an_owner(pact: Pact) -> InCharge:
    """Return a party that may own an action."""
    return InCharge(pact.present[-1].id, pact.present[-1].name)


def last_action(pact: Pact) -> object:
    """Name the plan's last action, or one that is not there."""
    return pact.actions[-1].id if pact.actions else new_id()


def some_party(pact: Pact, place: int) -> UUID:
    """Name a party by its place, or one that is not there."""
    return pact.parties[place].id if place < len(pact.parties) else new_id()


def edited(pact: Pact, **changes: Any) -> PlannedAction:
    """Return the plan's last action with changes, or one that is not there."""
    return replace(pact.actions[-1], **changes) if pact.actions else pacts.an_action(pact, **changes)


P_TODAY = pacts.TODAY
ON_A_PACT: Final[Mapping[str, list[Act]]] = {
    PactAction.DIAGNOSIS: [
        lambda pact, who: pact.share_diagnosis(who, pacts.AT),
        lambda pact, who: pact.share_diagnosis(who, pacts.AT, seen=pact.version + 1),
    ],
    PactAction.PARTIES: [
        lambda pact, who: pact.add_party(who, Party(new_id(), f"Commune {len(pact.parties)}"), pacts.AT),
        lambda pact, who: pact.add_party(who, Party(new_id(), "magny-en-vexin"), pacts.AT),
        lambda pact, who: pact.remove_party(who, some_party(pact, 3), pacts.AT),
        lambda pact, who: pact.remove_party(who, some_party(pact, 2), pacts.AT),
        lambda pact, who: pact.remove_party(who, some_party(pact, 0), pacts.AT),
        lambda pact, who: pact.correct_party(
            who, some_party(pact, 1), Party(new_id(), f"EPCI {pact.version}", email="cc@vexin.test"), None, pacts.AT
        )[1],
        lambda pact, who: pact.correct_party(who, some_party(pact, 1), Party(new_id(), "x"), "Personne", pacts.AT)[1],
    ],
    PactAction.INVITATIONS: [
        *for_each_party(lambda pact, who, name: pact.invite(who, name, None, pacts.AT)),
        *for_each_party(lambda pact, who, name: pact.invite(who, name, "mairie@magny.test", pacts.AT)),
        lambda pact, who: pact.invite(who, pact.present[1].name, "autre@vexin.test", pacts.AT),
    ],
    PactAction.AGREEMENTS: [
        *for_each_party(lambda pact, who, name: pact.agree(who, name, None, pacts.AT)),
        *for_each_party(lambda pact, who, name: pact.agree(who, name, P_TODAY + timedelta(days=1), pacts.AT)),
        *(
            lambda pact, who, place=place: pact.agree(who, str(some_party(pact, place)), None, pacts.AT)
            for place in PLACES
        ),
    ],
    PactAction.ACTIONS: [
        lambda pact, who: pact.add_action(who, pacts.an_action(pact), pacts.AT),
        lambda pact, who: pact.add_action(who, pacts.an_action(pact, owner=InCharge(None, "Une mairie")), pacts.AT),
        lambda pact, who: pact.add_action(who, pacts.an_action(pact, due_on=P_TODAY - timedelta(days=1)), pacts.AT),
        lambda pact, who: pact.change_action(who, edited(pact, owner=an_owner(pact)), None, pacts.AT)[1:],
        lambda pact, who: pact.change_action(who, edited(pact, title="Une halle"), pacts.LONG_AGO, pacts.AT)[1:],
        lambda pact, who: pact.remove_action(who, last_action(pact), pacts.AT),
    ],
    PactAction.READINESS: [lambda pact, who: pact.make_ready(who, pacts.AT)],
    PactAction.REOPENING: [lambda pact, who: pact.reopen(who, pacts.AT)],
    PactAction.VERSIONS: [lambda pact, who: pact.start_version(who, pacts.AT)],
    PactAction.GIVING_UP: [lambda pact, who: pact.give_up(who, pacts.AT)],
    PactAction.SIGNATURES: [
        *for_each_party(lambda pact, who, name: pact.sign(who, name, None, pacts.AT)),
        *for_each_party(lambda pact, who, name: pact.sign(who, name, P_TODAY - timedelta(days=9), pacts.AT)),
        *(
            lambda pact, who, place=place: pact.sign(who, str(some_party(pact, place)), None, pacts.AT)
            for place in PLACES
        ),
        lambda pact, who: pact.sign(who, "État", None, pacts.AT, seen=pacts.LONG_AGO),
    ],
    PactAction.PROGRESS: [
        lambda pact, who: pact.report(who, first_pursued(pact), 40, None, pacts.AT)[1:],
        lambda pact, who: pact.report(who, first_pursued(pact), 40, "done", pacts.AT)[1:],
        lambda pact, who: pact.report(who, first_pursued(pact), None, "given_up", pacts.AT)[1:],
        lambda pact, who: pact.report(who, first_pursued(pact), None, None, pacts.AT)[1:],
    ],
    PactAction.REVIEWS: [
        lambda pact, who: pact.review(who, None, pacts.AT),
        lambda pact, who: pact.review(who, P_TODAY + timedelta(days=1), pacts.AT),
    ],
}


class PactLife(RuleBasedStateMachine):
    """A pact between three parties, led by people who may act for some of them."""

    def __init__(self) -> None:
        super().__init__()
        self.pact = pacts.Steps().pact

    @rule(who=WHO, action=st.sampled_from(list(PactAction)), way=st.integers(0, 11))
    def somebody_acts(self, who: Official, action: PactAction, way: int) -> None:
        before = copy.deepcopy(self.pact)
        allowed = before.allowed_actions(who)
        ways = ON_A_PACT[action]
        told = take(self.pact, ways[way % len(ways)], who, state=before.state.value, allowed=allowed)
        if told is None:
            return
        assert action.value in allowed
        assert all(fact.request_id == self.pact.id for fact in told)
        if any(party.signed_on for party in before.present) and self.pact.number == before.number:
            assert self.pact.version == before.version
            assert plan(self.pact.actions) == plan(before.actions), "a version that somebody signed does not change"
            assert len(self.pact.present) == len(before.present)
        if before.state is PactState.SIGNED:
            assert self.pact.state is PactState.SIGNED
            if number_in_force(self.pact) == number_in_force(before):
                assert plan(self.pact.pursued) == plan(before.pursued), "what is in force does not change"

    @rule(place=st.integers(0, 3), action=st.sampled_from([PactAction.AGREEMENTS, PactAction.SIGNATURES]))
    def a_party_acts_by_its_link(self, place: int, action: PactAction) -> None:
        if place >= len(self.pact.parties):
            return
        party = self.pact.parties[place]
        who = Representative(party.id, "La maire")
        allowed = self.pact.allowed_actions(who)
        act = self.pact.agree if action is PactAction.AGREEMENTS else self.pact.sign
        told = take(self.pact, lambda _, one: act(one, "", None, pacts.AT), who, allowed=allowed)
        assert (told is not None) == (action.value in allowed)

    @invariant()
    def what_is_listed_is_what_is_accepted(self) -> None:
        for who in PEOPLE:
            assert open_to(self.pact, ON_A_PACT, who) == set(self.pact.allowed_actions(who))

    @invariant()
    def the_stage_is_what_the_parties_did(self) -> None:
        pact = self.pact
        agreed = [party.agreed_on is not None for party in pact.present]
        if pact.stage in {PactState.PREPARING, PactState.DIAGNOSIS, PactState.PLANNING}:
            assert (pact.stage is PactState.PLANNING) == all(agreed)
            assert not all(party.signed_on for party in pact.present)
            assert not any(party.signed_on for party in pact.present) or (pact.actions and pact.ready_at)
        assert pact.ready_at is None or all(action.is_owned for action in pact.actions)
        assert all(0 <= one.percent <= 100 and (one.status != "done" or one.percent == 100) for one in pact.actions)

    @invariant()
    def one_version_at_most_is_in_force_and_one_is_to_sign(self) -> None:
        states = [version.state for version in self.pact.versions]
        assert states.count("in_force") == (self.pact.state is PactState.SIGNED)
        assert states.count("to_sign") == (self.pact.ready_at is not None and self.pact.stage is PactState.PLANNING)
        assert len({version.number for version in self.pact.versions}) == len(states)


def plan(actions: Sequence[PlannedAction]) -> list[tuple[object, ...]]:
    """Return what a plan says, without its progress."""
    return [(one.id, one.title, one.owner, one.partners, one.shares, one.due_on) for one in actions]


def number_in_force(pact: Pact) -> int:
    """Return which version is in force."""
    return next(version.number for version in pact.versions if version.state == "in_force")


TestACase = CaseLife.TestCase
TestACase.settings = effort(examples=20, steps=20)

TestAPact = PactLife.TestCase
TestAPact.settings = effort(examples=12, steps=30)


async def test_the_api_answers_as_it_describes(
    client: Client, life: Life, inbox: Inbox, sat: Program, delegate: Program, neighbour: Program, program: Programs
) -> None:
    lives = [life]
    for _ in range(3):
        lives.append(Life(inbox))
        await lives[-1].submitted()
    await qualified(sat, lives[1])
    await proposed(sat, lives[2], ORIENTATION)
    pact = await sat.post("/pacts", PACT)
    auditor = await program("audit", identity.Role.AUDITOR)
    api = Api(
        client,
        callers={
            "nobody": {},
            "a stranger": {"Authorization": "Bearer no-token-of-ours"},
            **{
                who.agent.email: {"Authorization": f"Bearer {who.token}"} for who in (sat, delegate, neighbour, auditor)
            },
        },
        known={
            "request_id": [str(one.request_id) for one in lives],
            "pact_id": [pact.json()["id"]],
            "provider_id": [str(CAUE.id)],
        },
    )
    await api.keeps_its_word(examples=2)


@pytest.mark.filterwarnings(
    # Of a form that is cut off within a file, the framework leaves the file to the garbage collector.
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
async def test_no_page_stumbles_over_what_is_typed(
    browser: Callable[[Agent], Awaitable[Browser]], life: Life, inbox: Inbox, sat: Program, delegate: Program
) -> None:
    second = Life(inbox)
    await second.submitted()
    await proposed(sat, second, ORIENTATION)
    pact = (await sat.post("/pacts", PACT)).json()["id"]
    walk = Walk((await browser(sat.agent)).client, random.Random(95))  # noqa: S311 - the same each time
    await walk.through(f"/demandes/{life.request_id}", f"/pactes/{pact}", "/annuaire/nouveau", "/annuaire/import", "/")
    walk = Walk((await browser(delegate.agent)).client, random.Random(96), most_pages=3)  # noqa: S311 - same
    await walk.through(f"/demandes/{second.request_id}")
