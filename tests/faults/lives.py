"""Scripts of requests from filing to the end, with the final state that each must have in every service."""

from collections.abc import Iterable, Mapping

from tests.faults.further import FURTHER
from tests.faults.pairs import PAIRS
from tests.faults.person import EXAMINED, LOCAL_WORK_DONE, LOCAL_WORK_STARTED, LOCAL_WORK_STOPPED, Person, Way
from tests.faults.together import TOGETHER
from tests.today import today


async def _whole_life(person: Person) -> None:
    await person.is_decided("granted", 10_000)
    await person.mobilises(10_000)
    await person.agent(
        "national",
        "accompaniment",
        "escalation.accompaniment_started.v1",
        starts_on=today(),
        ends_on=today(200),
    )
    await person.agent(
        "national",
        "completion",
        "escalation.accompaniment_completed.v1",
        report="Le projet est prêt.",
        carry_reason="La commande se poursuit.",
    )
    person.life.sure["escalation.evaluation_requested.v1"] += 1
    await person.evaluates()
    person.life.ends = {"intake": "evaluated", "95": "escalated", "escalation": "completed"}


async def _refused_by_the_committee(person: Person) -> None:
    await person.is_decided("refused", 0)
    person.life.ends = {"intake": "refused", "95": "escalated", "escalation": "refused"}


async def _returned(person: Person) -> None:
    await person.is_escalated()
    await person.agent("national", "return", "escalation.escalation_returned.v1", motive="Une offre locale existe.")
    await person.waits("sat95", "under_examination")
    person.life.sure[EXAMINED] += 1
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused", "escalation": "returned"}


async def _accepted_by_a_provider(person: Person) -> None:
    link = await person.is_oriented()
    if link is None:
        return
    await person.answers_orientation(link, "acceptance", "qualification.orientation_accepted.v1")
    await person.sees_step("qualification.orientation_accepted.v1")
    await person.answers_orientation(link, "local-work", LOCAL_WORK_STARTED)
    await person.answers_orientation(link, "completion", LOCAL_WORK_DONE, report="Le diagnostic est remis.")
    await person.evaluates()
    person.life.ends = {"intake": "evaluated", "95": "oriented_locally"}


async def _declined_by_a_provider(person: Person) -> None:
    link = await person.is_oriented()
    if link is None:
        return
    await person.answers_orientation(
        link, "decline", "qualification.orientation_declined.v1", motive="Plan de charge complet."
    )
    person.life.sure[EXAMINED] += 1
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused"}


async def _supported(person: Person) -> None:
    await person.is_qualified()
    await person.is_proposed("local_support", support_types=["ingenierie_projet"], amount_cents=10_000)
    await person.is_validated("supported_locally")
    await person.agent("sat95", "local-work", LOCAL_WORK_STARTED)
    await person.sees("accompanied")
    await person.agent("sat95", "completion", LOCAL_WORK_DONE, report="L’étude est remise.")
    await person.evaluates()
    person.life.ends = {"intake": "evaluated", "95": "supported_locally"}


async def _stopped_after_support(person: Person) -> None:
    """Half of the support is spent when the work stops; the case is refused in the end."""
    await person.is_qualified()
    await person.is_proposed("local_support", support_types=["ingenierie_projet"], amount_cents=10_000)
    await person.is_validated("supported_locally")
    await person.agent("sat95", "local-work", LOCAL_WORK_STARTED)
    await person.agent(
        "sat95", "stop", LOCAL_WORK_STOPPED, reason="no_result", motive="L’étude ne suffit pas.", spent_cents=5_000
    )
    person.life.sure[EXAMINED] += 1
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused"}


async def _directed(person: Person) -> None:
    await person.is_qualified()
    await person.is_proposed("programme", programme="petites_villes_de_demain")
    await person.is_validated("directed_to_programme")
    person.life.ends = {"intake": "directed_to_programme", "95": "directed_to_programme"}


async def _rejected_then_refused(person: Person) -> None:
    await person.is_qualified()
    await person.is_proposed("refusal")
    await person.agent("delegue95", "rejection", "qualification.proposal_rejected.v1", motive="Voyez d’abord l’EPF.")
    await person.is_proposed("refusal")
    await person.is_validated("request_refused")
    person.life.ends = {"intake": "refused", "95": "refused"}


async def _transferred(person: Person) -> None:
    await person.is_qualified()
    await person.is_read_by("sat95")
    await person.is_proposed("transfer", departement="78")
    await person.is_validated("request_transferred")
    await person.waits("sat78", "registered")
    person.life.sure["qualification.request_registered.v1"] += 1
    await person.agent("sat78", "examination", EXAMINED)
    await person.sees("under_examination")
    await person.writes()
    person.life.ends = {"intake": "under_examination", "95": "transferred", "78": "under_examination"}


async def _withdrawn(person: Person) -> None:
    await person.is_examined()
    await person.applicant("withdrawal", "intake.request_withdrawn.v1", motive="Le projet est abandonné.")
    person.life.ends = {"intake": "withdrawn", "95": "withdrawn"}


WAYS: dict[str, Way] = {
    "whole_life": _whole_life,
    "refused_by_the_committee": _refused_by_the_committee,
    "returned": _returned,
    "accepted_by_a_provider": _accepted_by_a_provider,
    "declined_by_a_provider": _declined_by_a_provider,
    "supported": _supported,
    "stopped_after_support": _stopped_after_support,
    "directed": _directed,
    "rejected_then_refused": _rejected_then_refused,
    "transferred": _transferred,
    "withdrawn": _withdrawn,
}
"""Everyday lives, of one person at a time."""

ALL: Mapping[str, Way] = {**WAYS, **PAIRS, **TOGETHER, **FURTHER}
"""Every kind of life."""

STRUCK: tuple[str, ...] = tuple(kind for kind in ALL if kind != "overtaken")
"""Those that are lived while faults strike; `overtaken` waits for two certain locks, so nothing else may happen."""


def chosen(kinds: Iterable[str]) -> dict[str, Way]:
    """Give these kinds of lives."""
    return {kind: ALL[kind] for kind in kinds}
