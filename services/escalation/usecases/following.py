"""Every request is followed for the figures, whoever answers it."""

from services.escalation.store import followed as store
from shared.contracts import intake, qualification
from shared.db import Transaction


async def follow_on_request_submitted(tx: Transaction, fact: intake.RequestSubmitted) -> None:
    """A request was filed somewhere."""
    await store.note_submitted(tx, fact)


async def follow_on_request_registered(tx: Transaction, fact: qualification.RequestRegistered) -> None:
    """A département has it in charge."""
    await store.note_registered(tx, fact.request_id, fact.departement, fact.at)


async def follow_on_oriented_locally(tx: Transaction, fact: qualification.OrientedLocally) -> None:
    """A local provider is asked to help."""
    await store.note_outcome(tx, fact.request_id, "local_orientation", at=fact.at, provider=fact.provider.name)


async def follow_on_supported_locally(tx: Transaction, fact: qualification.SupportedLocally) -> None:
    """The département pays for the help."""
    await store.note_outcome(tx, fact.request_id, "local_support", at=fact.at, cents=fact.amount_cents)


async def follow_on_directed_to_programme(tx: Transaction, fact: qualification.DirectedToProgramme) -> None:
    """A programme is to help."""
    await store.note_outcome(tx, fact.request_id, "programme", at=fact.at, programme=fact.programme)


async def follow_on_request_escalated(tx: Transaction, fact: qualification.RequestEscalated) -> None:
    """The national team is to help."""
    await store.note_outcome(tx, fact.request_id, "escalation", at=fact.at)


async def follow_on_request_refused(tx: Transaction, fact: qualification.RequestRefused) -> None:
    """The département refuses."""
    await store.note_outcome(tx, fact.request_id, "refusal", at=fact.at)


async def follow_on_answer_taken_back(
    tx: Transaction, fact: qualification.OrientationDeclined | qualification.ExaminationStarted
) -> None:
    """Who was asked cannot help, or the request came back: the département looks for another answer."""
    await store.note_outcome(tx, fact.request_id, None, at=fact.at)
