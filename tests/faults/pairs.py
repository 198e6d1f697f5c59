"""Lives in which two people, or a person and a consumer, act on one request at the same time.

Either may be first: a life accepts both orders, and requires that one was first in every service alike.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from tests.faults.clients import Json
from tests.faults.person import (
    DECIDED,
    EXAMINED,
    LOCAL_WORK_DONE,
    LOCAL_WORK_STARTED,
    LOCAL_WORK_STOPPED,
    MOBILISED,
    Person,
    Way,
)

REFUSED = "qualification.request_refused.v1"
REJECTED = "qualification.proposal_rejected.v1"
TAKEN_BACK = "qualification.proposal_taken_back.v1"
PROPOSED = "qualification.outcome_proposed.v1"
SUPPORTED = "qualification.supported_locally.v1"
ORIENTED = "qualification.oriented_locally.v1"
TRANSFERRED = "qualification.request_transferred.v1"
ESCALATED = "qualification.request_escalated.v1"
ACCEPTED = "qualification.orientation_accepted.v1"
DECLINED = "qualification.orientation_declined.v1"
ANSWERED = "qualification.national_question_answered.v1"
INFORMATION_PROVIDED = "intake.information_provided.v1"
WITHDRAWN = "intake.request_withdrawn.v1"
REGISTERED = "qualification.request_registered.v1"
RECEIVED = "escalation.escalation_received.v1"
RETURNED = "escalation.escalation_returned.v1"
SCHEDULED = "escalation.session_scheduled.v1"
ADMISSIBLE = "escalation.admissibility_settled.v1"
PROGRESSED = "escalation.resource_progressed.v1"

SUPPORT: Mapping[str, Any] = {"support_types": ["ingenierie_projet"], "amount_cents": 10_000}
AMOUNT = 10_000


# ── two agents ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def _validated_and_rejected(person: Person) -> None:
    """Two délégués look at the same proposal: one validates it, the other rejects it."""
    await person.is_qualified()
    await person.is_proposed("refusal")
    person.life.exclusive.append(frozenset({REFUSED, REJECTED}))
    person.life.announced = []
    person.life.ends = {"intake": "refused", "95": "refused"}
    person.life.or_ends = [{"intake": "under_examination", "95": "under_examination"}]
    await person.at_once(
        person.tries("delegue95", "validation", REFUSED),
        person.tries("delegue95", "rejection", REJECTED, motive="Voyez d’abord l’EPF."),
    )


async def _validated_and_taken_back(person: Person) -> None:
    """A délégué validates a proposal while its author takes it back."""
    await person.is_qualified()
    await person.is_proposed("refusal")
    person.life.exclusive.append(frozenset({REFUSED, TAKEN_BACK}))
    person.life.announced = []
    person.life.ends = {"intake": "refused", "95": "refused"}
    person.life.or_ends = [{"intake": "under_examination", "95": "under_examination"}]
    await person.at_once(
        person.tries("delegue95", "validation", REFUSED),
        person.tries("sat95", "retraction", TAKEN_BACK),
    )


async def _validated_twice(person: Person) -> None:
    """Two délégués validate the same proposal, which spends the département's money."""
    await person.is_qualified()
    await person.is_proposed("local_support", **SUPPORT)
    person.life.exclusive.append(frozenset({SUPPORTED}))
    person.life.announced = []
    person.life.ends = {"intake": "supported_locally", "95": "supported_locally"}
    await person.at_once(*(person.tries("delegue95", "validation", SUPPORTED) for _ in range(2)))


async def _assigned_twice(person: Person) -> None:
    """Two agents give the same case to different people; the last one holds, for both."""
    await person.files()
    await person.waits("sat95", "registered")
    addresses = ["sat95@cousu.test", "delegue95@cousu.test"]
    await person.at_once(
        *(person.tries("sat95", "assignment", None, email=one) for one in addresses),
        person.tries("sat95", "examination", EXAMINED),
    )
    person.life.checks.append(_assigned_to(person, *addresses))
    person.life.ends = {"intake": "under_examination", "95": "under_examination"}


async def _session_closed_meanwhile(person: Person) -> None:
    """A dossier comes on the agenda, and who is present is noted, while the session is closed."""
    await person.is_escalated()
    await person.agent("national", "admissibility", ADMISSIBLE, opinion="Recevable.")
    session = await person.plans_a_session(members=["Mme A", "M. B"])
    _, token = person.client.tokens["secretaire"]
    request = person.life.id

    async def closed() -> str:
        seen = await person.client.read("escalation", f"/sessions/{session}", token) or {}
        if seen["state"] != "closed":
            return "is on a session that was closed, and is open" if accepted else ""
        waits = any(one["request_id"] == request for one in seen["agenda"])
        return "waits on a session that is closed" if waits else ""

    _, _, accepted = await person.at_once(
        person.tries("national", "schedule", SCHEDULED, session_id=session),
        person.tries("secretaire", "attendance", None, path=f"/sessions/{session}", present=["Mme A"]),
        person.tries("secretaire", "closing", None, path=f"/sessions/{session}"),
    )
    person.life.checks.append(closed)
    person.life.ends = {"intake": "scheduled", "95": "escalated", "escalation": "scheduled"}
    person.life.or_ends = [{"intake": "admissible", "95": "escalated", "escalation": "admissible"}]


async def _decided_twice(person: Person) -> None:
    """Two secretaries record a decision each, and a third closes the session."""
    session = await person.is_scheduled()
    person.life.exclusive.append(frozenset({DECIDED}))
    person.life.announced = []
    person.life.ends = {"intake": "granted", "95": "escalated", "escalation": "granted"}
    person.life.or_ends = [{"intake": "refused", "95": "escalated", "escalation": "refused"}]
    decisions = (person.decision("granted", AMOUNT), person.decision("refused", 0))
    await person.at_once(
        *(person.tries("secretaire", "decisions", DECIDED, path=f"/sessions/{session}", **one) for one in decisions),
        person.tries("secretaire", "closing", None, path=f"/sessions/{session}"),
    )


async def _mobilised_twice(person: Person) -> None:
    """Two agents order all that was granted at the same time."""
    await person.is_decided("granted", AMOUNT)
    person.life.exclusive.append(frozenset({MOBILISED}))
    order: Json = {"kind": "external", "resource": "Marché d’ingénierie", "amount_cents": AMOUNT, "lot": "Lot 3"}
    await person.at_once(*(person.tries("national", "mobilisations", MOBILISED, **order) for _ in range(2)))
    person.life.ends = {"intake": "mobilising", "95": "escalated", "escalation": "mobilising"}


async def _envelope_changed_meanwhile(person: Person) -> None:
    """A resource declines, which gives its money back, while the envelope's amount is changed."""
    await person.is_decided("granted", AMOUNT)
    mobilised = await person.mobilises(AMOUNT)
    _, token = person.client.tokens["secretaire"]
    page = await person.client.read("escalation", "/envelopes", token)
    envelopes = [one for one in (page or {})["items"] if one["programme"] is None]
    await person.at_once(
        person.tries("national", f"mobilisations/{mobilised}/decline", PROGRESSED),
        *(
            person.tries("secretaire", "amount", None, path=f"/envelopes/{one['id']}", amount_cents=one["amount_cents"])
            for one in envelopes
        ),
    )
    person.life.ends = {"intake": "mobilising", "95": "escalated", "escalation": "mobilising"}


# ── an agent, and what a consumer applies ───────────────────────────────────────────────────────────────────────────


async def _assigned_while_information_comes(person: Person) -> None:
    """The applicant gives what was asked for while an agent gives the case to a colleague."""
    await person.files()
    await person.waits("sat95", "registered")
    await person.agent("sat95", "examination", EXAMINED)
    await person.is_asked_for_information()
    await person.sees("awaiting_information")
    await person.at_once(
        person.tries("applicant", "information", INFORMATION_PROVIDED, text="Le plan est joint."),
        person.tries("sat95", "assignment", None, email="delegue95@cousu.test"),
    )
    person.life.sure[EXAMINED] += 1
    person.life.checks.append(_assigned_to(person, "delegue95@cousu.test"))
    person.life.ends = {"intake": "under_examination", "95": "under_examination"}


async def _admissible_while_answered(person: Person) -> None:
    """The département answers the national team's question while that one finds the dossier admissible."""
    await person.is_escalated()
    await person.agent(
        "national",
        "information-request",
        "escalation.information_requested.v1",
        question="Le foncier est-il maîtrisé ?",
    )
    _, token = person.client.tokens["sat95"]
    await person.client.until(
        "qualification", f"/cases/{person.life.id}", token, lambda case: "answer" in case["allowed_actions"]
    )
    await person.at_once(
        person.tries("sat95", "answer", ANSWERED, text="Oui, depuis mars."),
        person.tries("national", "admissibility", ADMISSIBLE, opinion="Recevable."),
    )
    person.life.ends = {"intake": "admissible", "95": "escalated", "escalation": "admissible"}


async def _written_while_escalated(person: Person) -> None:
    """The applicant writes while the département hands the request over: both come to the national team at once."""
    await person.is_ready_for("escalation")
    person.life.sure[RECEIVED] += 1
    await person.at_once(person.tries("delegue95", "validation", ESCALATED), *(_writes(person) for _ in range(3)))
    person.life.ends = {"intake": "received", "95": "escalated", "escalation": "received"}


# ── the applicant withdraws ─────────────────────────────────────────────────────────────────────────────────────────


async def _withdrawn_while_examined(person: Person) -> None:
    await person.files()
    await person.waits("sat95", "registered")
    person.life.announced = []
    person.life.ends = {"intake": "withdrawn", "95": "withdrawn"}
    await person.at_once(_withdraws(person), person.tries("sat95", "examination", EXAMINED))


async def _accepted_and_declined(person: Person) -> None:
    """Two people of a provider answer by the same link."""
    link = await person.is_oriented()
    if link is None:
        return
    person.life.exclusive.append(frozenset({ACCEPTED, DECLINED}))
    person.life.announced = ["oriented_locally"]
    await person.at_once(
        person.tries("", "acceptance", ACCEPTED, path=f"/orientations/{link}"),
        person.tries("", "decline", DECLINED, path=f"/orientations/{link}", motive="Plan de charge complet."),
    )
    person.life.maybe[EXAMINED] += 1
    person.life.ends = {"intake": "oriented_locally", "95": "oriented_locally"}
    person.life.or_ends = [{"intake": "under_examination", "95": "under_examination"}]


async def _completed_and_stopped(person: Person) -> None:
    """The provider ends its work with a report while the département stops it and looks for another answer."""
    link = await person.is_oriented()
    if link is None:
        return
    await person.answers_orientation(link, "acceptance", ACCEPTED)
    await person.answers_orientation(link, "local-work", LOCAL_WORK_STARTED)
    person.life.exclusive.append(frozenset({LOCAL_WORK_DONE, LOCAL_WORK_STOPPED}))
    person.life.announced = ["oriented_locally"]
    person.life.ends = {"intake": "completed", "95": "oriented_locally"}
    person.life.or_ends = [{"intake": "under_examination", "95": "under_examination"}]
    await person.at_once(
        person.tries("", "completion", LOCAL_WORK_DONE, path=f"/orientations/{link}", report="C’est fait."),
        person.tries("sat95", "stop", LOCAL_WORK_STOPPED, reason="no_result", motive="Rien n’avance."),
    )
    person.life.maybe[EXAMINED] += 1


def _withdrawn_while_validated(outcome: str, fact: str, end: Json, **proposal: Any) -> Way:
    """The applicant withdraws while the délégué validates an outcome: one of both is first, everywhere."""

    async def way(person: Person) -> None:
        await person.is_ready_for(outcome, **proposal)
        person.life.announced = []
        person.life.ends = end
        person.life.or_ends = [{"intake": "withdrawn", "95": "withdrawn"}]
        if outcome == "transfer":
            person.life.or_ends.append({"intake": "withdrawn", "95": "transferred", "78": "withdrawn"})
            person.life.maybe[REGISTERED] += 1
        if outcome == "escalation":
            person.life.or_ends.append({"intake": "withdrawn", "95": "withdrawn", "escalation": "withdrawn"})
            person.life.maybe[RECEIVED] += 1
        await person.at_once(_withdraws(person), person.tries("delegue95", "validation", fact))

    return way


async def _withdrawn_while_proposed(person: Person) -> None:
    await person.is_qualified()
    person.life.announced = []
    person.life.ends = {"intake": "withdrawn", "95": "withdrawn"}
    await person.at_once(
        _withdraws(person),
        person.tries("sat95", "proposal", PROPOSED, outcome="refusal", motive="Au vu du dossier."),
    )


async def _withdrawn_while_accepted(person: Person) -> None:
    """The applicant withdraws while the provider accepts."""
    link = await person.is_oriented()
    if link is None:
        return
    person.life.announced = ["oriented_locally"]
    person.life.ends = {"intake": "oriented_locally", "95": "oriented_locally"}
    person.life.or_ends = [{"intake": "withdrawn", "95": "withdrawn"}]
    await person.at_once(_withdraws(person), person.tries("", "acceptance", ACCEPTED, path=f"/orientations/{link}"))


async def _withdrawn_while_decided(person: Person) -> None:
    """The applicant withdraws while the committee grants."""
    session = await person.is_scheduled()
    person.life.announced = []
    person.life.ends = {"intake": "granted", "95": "escalated", "escalation": "granted"}
    person.life.or_ends = [{"intake": "withdrawn", "95": "withdrawn", "escalation": "withdrawn"}]
    await person.at_once(
        _withdraws(person),
        person.tries(
            "secretaire", "decisions", DECIDED, path=f"/sessions/{session}", **person.decision("granted", AMOUNT)
        ),
    )


async def _withdrawn_while_returned(person: Person) -> None:
    """The applicant withdraws while the national team gives the request back to the département."""
    await person.is_escalated()
    person.life.announced = []
    person.life.maybe[EXAMINED] += 1
    person.life.ends = {"intake": "withdrawn", "95": "withdrawn", "escalation": "withdrawn"}
    person.life.or_ends = [{"intake": "withdrawn", "95": "withdrawn", "escalation": "returned"}]
    await person.at_once(
        _withdraws(person), person.tries("national", "return", RETURNED, motive="Une offre locale existe.")
    )


async def _withdrawn_while_ordered(person: Person) -> None:
    """The applicant tries to withdraw while the national team orders for what was granted.

    A withdrawal that is late, but comes before anybody accepted the order, is accepted and declines it.
    """
    session = await person.is_scheduled()
    person.life.maybe[PROGRESSED] += 1
    made = {"path": f"/sessions/{session}", **person.decision("granted", AMOUNT)}
    person.life.announced = []
    await person.at_once(_withdraws(person), person.tries("secretaire", "decisions", DECIDED, **made))
    person.life.or_ends = [{"intake": "withdrawn", "95": "withdrawn", "escalation": "withdrawn"}]
    order = await person.tries(
        "national",
        "mobilisations",
        MOBILISED,
        kind="external",
        resource="Marché d’ingénierie",
        amount_cents=AMOUNT,
        lot="Lot 3",
    )
    state = "granted" if order is False else "mobilising"
    person.life.ends = {"intake": state, "95": "escalated", "escalation": state}


async def _withdraws(person: Person) -> bool | None:
    return await person.tries("applicant", "withdrawal", WITHDRAWN, motive="Le projet est abandonné.")


async def _writes(person: Person) -> bool | None:
    await person.writes()
    return True


def _assigned_to(person: Person, *addresses: str) -> Callable[[], Awaitable[str]]:
    """Make a check that the case is in one of these people's hands."""
    request = person.life.id

    async def assigned() -> str:
        _, token = person.client.tokens["sat95"]
        seen = await person.client.read("qualification", f"/cases/{request}", token)
        holder = ((seen or {}).get("assignee") or {}).get("email")
        return "" if holder in addresses else f"is assigned to {holder}, not to {' or '.join(addresses)}"

    return assigned


AGREED: Mapping[str, Way] = {
    "validated_and_rejected": _validated_and_rejected,
    "validated_and_taken_back": _validated_and_taken_back,
    "validated_twice": _validated_twice,
    "assigned_twice": _assigned_twice,
    "session_closed_meanwhile": _session_closed_meanwhile,
    "decided_twice": _decided_twice,
    "mobilised_twice": _mobilised_twice,
    "envelope_changed_meanwhile": _envelope_changed_meanwhile,
    "assigned_while_information_comes": _assigned_while_information_comes,
    "admissible_while_answered": _admissible_while_answered,
    "written_while_escalated": _written_while_escalated,
    "withdrawn_while_examined": _withdrawn_while_examined,
    "accepted_and_declined": _accepted_and_declined,
    "completed_and_stopped": _completed_and_stopped,
}
"""Pairs that one database settles."""

CROSSING: Mapping[str, Way] = {
    "withdrawn_while_proposed": _withdrawn_while_proposed,
    "withdrawn_while_refused": _withdrawn_while_validated("refusal", REFUSED, {"intake": "refused", "95": "refused"}),
    "withdrawn_while_supported": _withdrawn_while_validated(
        "local_support", SUPPORTED, {"intake": "supported_locally", "95": "supported_locally"}, **SUPPORT
    ),
    "withdrawn_while_oriented": _withdrawn_while_validated(
        "local_orientation", ORIENTED, {"intake": "oriented_locally", "95": "oriented_locally"}
    ),
    "withdrawn_while_transferred": _withdrawn_while_validated(
        "transfer", TRANSFERRED, {"intake": "registered", "95": "transferred", "78": "registered"}, departement="78"
    ),
    "withdrawn_while_escalated": _withdrawn_while_validated(
        "escalation", ESCALATED, {"intake": "withdrawn", "95": "withdrawn", "escalation": "withdrawn"}
    ),
    "withdrawn_while_accepted": _withdrawn_while_accepted,
    "withdrawn_while_decided": _withdrawn_while_decided,
    "withdrawn_while_returned": _withdrawn_while_returned,
    "withdrawn_while_ordered": _withdrawn_while_ordered,
}
"""Pairs whose facts cross between services: who is in charge settles which was first."""

PAIRS: Mapping[str, Way] = {**AGREED, **CROSSING}
