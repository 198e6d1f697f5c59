"""Oracle: compare what services store about each other: unknown streams, hashes, withdrawals, mailed outcomes."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from tests.faults import stand
from tests.faults.clients import Life
from tests.faults.judged import Judged
from tests.faults.product import SERVICES
from tests.faults.verdict import Verdict

ASKED: Final = "intake.request_withdrawn.v1"
ANSWERS: Final = frozenset(
    f"{service}.withdrawal_{answer}.v1"
    for service in ("qualification", "escalation")
    for answer in ("accepted", "declined")
)
"""What the service in charge answers to a withdrawal."""

OUTCOMES: Final[Mapping[str, str]] = {
    "qualification.supported_locally.v1": "supported_locally",
    "qualification.oriented_locally.v1": "oriented_locally",
    "qualification.directed_to_programme.v1": "directed_to_programme",
    "qualification.request_refused.v1": "refused",
    "escalation.decision_made.v1": "decided",
    **dict.fromkeys((one for one in ANSWERS if "accepted" in one), "withdrawn"),
}
"""Wire type of an event whose mail tells the applicant an outcome → intake's status, or `decided`."""
_DECIDED: Final = frozenset({"granted", "granted_with_reserve", "refused", "mobilising"})


async def check(product: Judged, lives: Iterable[Life], verdict: Verdict) -> None:
    """Check all of it."""
    verdict.wrong += [f"ghost: {one}" for one in await stand.ghosts(product)]
    verdict.wrong += [f"different: {one}" for one in await stand.forked(product)]
    await _early_notes(product, verdict)
    await _mails_of_events(product, verdict)
    await _withdrawals(product, verdict)
    await _announced(product, lives, verdict)


async def _early_notes(product: Judged, verdict: Verdict) -> None:
    """What overtook a dossier on its way was put into it when it came."""
    for row in await product.fetch(
        "escalation", "SELECT request_id, count(*) AS n FROM early_note JOIN escalation USING (request_id) GROUP BY 1"
    ):
        verdict.complain("lost", f"{row['n']} events about {row['request_id']} never came into its dossier")


async def _mails_of_events(product: Judged, verdict: Verdict) -> None:
    """Every mail is owed because of an event that some service published, about the same request."""
    published = {}
    for service in SERVICES:
        for row in await product.fetch(service, "SELECT id, type, subject FROM journal"):
            published[row["id"]] = row["type"], row["subject"]
    for row in await product.fetch(
        "notifications",
        """
        SELECT id, event_id, event_type, request_id::text FROM delivery
        WHERE template NOT IN ('digest', 'webhook_suspended')
        """,
    ):
        kind, subject = published.get(row["event_id"], ("", ""))
        if kind != row["event_type"] or row["request_id"] not in {subject, None}:
            verdict.complain("ghost", f"the mail {row['id']} tells {row['event_type']}, which nobody published")


async def _withdrawals(product: Judged, verdict: Verdict) -> None:
    """Every withdrawal is answered once, by whoever was in charge of the request."""
    asked, answered = Counter[str](), Counter[str]()
    for service in SERVICES[:3]:
        for row in await product.fetch(
            service, "SELECT subject, type FROM journal WHERE type = ANY($1)", [ASKED, *ANSWERS]
        ):
            (asked if row["type"] == ASKED else answered)[row["subject"]] += 1
    for request in {*asked, *answered}:
        if asked[request] != answered[request]:
            verdict.complain("crossed", f"{request}: {asked[request]} withdrawals and {answered[request]} answers")


async def _announced(product: Judged, lives: Iterable[Life], verdict: Verdict) -> None:
    """Where two people acted at once the applicant was told one outcome once, and the last one told is true."""
    for life in lives:
        if not life.finished or life.announced is None:
            continue
        rows = await product.fetch(
            "notifications",
            """
            SELECT event_id, event_type FROM delivery
            WHERE request_id = $1::text::uuid AND audience = 'applicant' AND event_type = ANY($2)
            GROUP BY event_id, event_type, event_at ORDER BY event_at
            """,
            life.id,
            list(OUTCOMES),
        )
        told = [OUTCOMES[row["event_type"]] for row in rows]
        (row,) = await product.fetch("intake", "SELECT status FROM request WHERE id = $1::text::uuid", life.id)
        if not is_true(told, row["status"], before=life.announced):
            verdict.complain("crossed", f"{life.number} ({life.kind}): told {told or 'nothing'}, is {row['status']}")


def is_true(told: list[str], status: str, *, before: list[str]) -> bool:
    """Tell whether these outcomes, in this order, lead to the status; `before` were told before people met.

    An outcome that a withdrawal took back was told truly when it was told; one that arrived later is not told at all.
    """
    true = {status, "decided"} if status in _DECIDED else {status}
    if len(told) != len(set(told)):
        return False
    if status == "withdrawn":
        return told[-1:] == ["withdrawn"]
    if told[: len(before)] != before:
        return False
    if true.isdisjoint(OUTCOMES.values()):
        return told == before
    return bool(told) and told[-1] in true and len(told) <= max(1, len(before))
