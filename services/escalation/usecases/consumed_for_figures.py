"""Use cases for consumed events that update the statistics of all requests."""

from services.escalation.store import followed as store
from shared.contracts import intake, qualification
from shared.db import Transaction


async def follow_on_request_submitted(tx: Transaction, fact: intake.RequestSubmitted) -> None:
    """Count a request that was filed."""
    await store.note_submitted(tx, fact)


async def follow_on_request_registered(tx: Transaction, fact: qualification.RequestRegistered) -> None:
    """Note that a département has registered the request."""
    await store.note_registered(tx, fact.request_id, fact.departement, fact.at)


async def follow_on_oriented_locally(tx: Transaction, fact: qualification.OrientedLocally) -> None:
    """Note the outcome: a local provider is asked."""
    await store.note_outcome(tx, fact.request_id, "local_orientation", at=fact.at, provider=fact.provider.name)


async def follow_on_supported_locally(tx: Transaction, fact: qualification.SupportedLocally) -> None:
    """Note the outcome: the département pays."""
    await store.note_outcome(tx, fact.request_id, "local_support", at=fact.at, cents=fact.amount_cents)


async def follow_on_directed_to_programme(tx: Transaction, fact: qualification.DirectedToProgramme) -> None:
    """Note the outcome: a programme is asked."""
    await store.note_outcome(tx, fact.request_id, "programme", at=fact.at, programme=fact.programme)


async def follow_on_request_escalated(tx: Transaction, fact: qualification.RequestEscalated) -> None:
    """Note the outcome: the national team is asked."""
    await store.note_outcome(tx, fact.request_id, "escalation", at=fact.at)


async def follow_on_request_refused(tx: Transaction, fact: qualification.RequestRefused) -> None:
    """Note the outcome: the département refuses."""
    await store.note_outcome(tx, fact.request_id, "refusal", at=fact.at)


async def follow_on_answer_taken_back(
    tx: Transaction, fact: qualification.OrientationDeclined | qualification.ExaminationStarted
) -> None:
    """Remove the outcome: who was asked declined, or the examination began again."""
    await store.note_outcome(tx, fact.request_id, None, at=fact.at)
