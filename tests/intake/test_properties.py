"""Requests led at random do only what is listed, whatever others tell; and intake keeps the word of its description."""

import copy
import random
from collections.abc import Mapping
from typing import Final

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from services.intake.domain.colleagues import Colleague
from services.intake.domain.evaluation import Evaluation
from services.intake.domain.request import TrackedRequest
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.vocabulary import CommitteeOutcome
from shared.documents import LARGEST_FILE, LARGEST_REQUEST, MOST_FILES, PDF, Stored
from shared.errors import IllegalMove
from tests.intake.conftest import Client, bearer, filed
from tests.intake.facts import Life, a_tracked_request, at
from tests.properties.description import Api
from tests.properties.effort import effort
from tests.properties.moving import Act, open_to, take
from tests.properties.pages import Walk

NOW: Final = at(5_000)
GOOD: Final = Evaluation(need_met=5, progress=4, satisfaction=5)
A_COLLEAGUE: Final = Colleague(new_id(), "Dominique", "direction@cergy.test", NOW, mail_failed_at=None, waiting=False)
TOLD: Final = (
    "registered", "examined", "asked", "written", "qualified", "proposed", "rejected", "taken_back", "oriented",
    "accepted", "declined", "supported", "work_started", "local_milestone", "local_progress", "end_postponed",
    "work_done", "work_stopped", "directed", "escalated", "answered", "refused", "received", "questioned", "admitted",
    "returned", "scheduled", "mobilised", "accompanied", "milestone_planned", "completed", "evaluation_asked",
)  # fmt: skip
"""What others may tell, by the makers of tests/intake/facts.py."""


def join(size: int, already: Stored) -> Act:
    """Join a file of so many bytes."""
    document = intake.Document(id=new_id(), name="plan.pdf", media_type=PDF, size=size, sha256="0" * 64, added_at=NOW)
    return lambda tracked, _: tracked.add_document(document, beside=already, at=NOW)


ACTS: Final[Mapping[str, list[Act]]] = {
    "information": [lambda tracked, _: tracked.provide_information("Voici.", at=NOW)],
    "evaluation": [lambda tracked, _: tracked.evaluate(GOOD, at=NOW)],
    "progress": [
        lambda tracked, _: tracked.report_progress("Avance.", report_id=new_id(), milestone=None, percent=40, at=NOW)
    ],
    "messages": [lambda tracked, _: tracked.post_message("Bonjour", message_id=new_id(), at=NOW)],
    "documents": [
        join(10, Stored()),
        join(LARGEST_FILE + 1, Stored()),
        join(10, Stored(5, LARGEST_REQUEST)),
        join(10, Stored(MOST_FILES, 10)),
    ],
    "colleagues": [
        lambda tracked, _: tracked.invite(
            colleague_id=new_id(), name="Dominique", email="direction@cergy.test", invited=(), at=NOW
        )
    ],
    "withdrawal": [lambda tracked, _: tracked.withdraw("Abandon.", at=NOW)],
}


class RequestLife(RuleBasedStateMachine):
    """A request between its applicant and all that others tell, early, late and in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.request: TrackedRequest = a_tracked_request()
        self.life = Life(self.request.id)

    @rule(action=st.sampled_from(sorted(ACTS)), way=st.integers(0, 2))
    def the_applicant_acts(self, action: str, way: int) -> None:
        before = copy.deepcopy(self.request)
        ways = ACTS[action]
        told = take(self.request, ways[way % len(ways)], None, state=before.status, allowed=before.allowed_actions)
        if told is None:
            return
        assert action in before.allowed_actions
        assert [fact.request_id for fact in told] == [self.request.id]
        assert [fact.departement for fact in told] == [self.request.departement]

    @rule(what=st.sampled_from(TOLD), minutes=st.integers(0, 10_000))
    def others_tell(self, what: str, minutes: int) -> None:
        self._hears(getattr(self.life, what)(minutes))

    @rule(outcome=st.sampled_from(CommitteeOutcome), minutes=st.integers(0, 10_000))
    def the_committee_decides(self, outcome: CommitteeOutcome, minutes: int) -> None:
        self._hears(self.life.decided(minutes, outcome))

    @rule(holder=st.sampled_from([None, A_COLLEAGUE]))
    def another_takes_the_link(self, holder: Colleague | None) -> None:
        self.request.colleague = holder

    @rule()
    def time_closes_it(self) -> None:
        before = copy.deepcopy(self.request)
        try:
            self.request.close(at=NOW)
        except IllegalMove as refused:
            closed, said = False, (refused.state, list(refused.allowed_actions))
        else:
            closed, said = True, (before.status, [*map(str, before.allowed_actions)])
        assert closed == (before.status == "evaluated")
        assert said == (before.status, before.allowed_actions)
        assert closed or self.request == before

    @rule()
    def the_link_is_replaced(self) -> None:
        newest, unused = self.request.link_generation, self.request.old_link_generation is not None
        assert self.request.replace_link(at=NOW).link_generation == newest + (not unused)

    @rule()
    def the_newest_link_is_used(self) -> None:
        self.request.use_link(self.request.link_generation)
        assert self.request.old_link_generation is None

    @invariant()
    def what_is_listed_is_what_is_accepted(self) -> None:
        assert open_to(self.request, ACTS, None) == set(self.request.allowed_actions)

    @invariant()
    def what_was_withdrawn_takes_nothing_more(self) -> None:
        if self.request.status == "withdrawn":
            assert self.request.allowed_actions == []

    def _hears(self, fact: object) -> None:
        """What is given up stays so, and what others tell late does not turn the status back.

        Only where the département's answer led back to is learned late as well.
        """
        before = copy.deepcopy(self.request)
        self.request.apply_consumed(fact)  # type: ignore[arg-type] # the makers give facts
        if before.status == "withdrawn":
            assert self.request.status == "withdrawn"
        if fact.at < before.status_at and not before.resumed:  # type: ignore[attr-defined] # same
            assert self.request.status == before.status


TestARequest = RequestLife.TestCase
TestARequest.settings = effort(examples=25, steps=25)


async def test_the_api_answers_as_it_describes(client: Client) -> None:
    requests = [await filed(client) for _ in range(4)]
    api = Api(
        client,
        callers={
            "nobody": {},
            "a stranger": bearer("no-token-of-ours"),
            **{f"applicant {place}": bearer(request["access_token"]) for place, request in enumerate(requests)},
        },
        known={"request_id": [request["id"] for request in requests]},
    )
    await api.keeps_its_word()


@pytest.mark.filterwarnings(
    # Of a form that is cut off within a file, the framework leaves the file to the garbage collector.
    "ignore::pytest.PytestUnraisableExceptionWarning"
)
async def test_no_page_stumbles_over_what_is_typed(client: Client) -> None:
    request = await filed(client)
    walk = Walk(client, random.Random(95))  # noqa: S311 - the same each time
    await walk.through(f"/suivi/{request['access_token']}", "/demande", "/suivi", "/")
