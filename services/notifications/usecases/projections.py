"""Store what mails need from consumed events: the request, the service in charge, the current link."""

from services.notifications.domain.directory import ServiceInCharge
from services.notifications.store import contacts, requests
from services.notifications.store.followers import Follower, add_follower, end_follower
from services.notifications.store.requests import (
    KnownRequest,
    note_escalation,
    note_programme,
    note_transfer,
    note_withdrawal,
    replace_link,
    save_request,
)
from shared.contracts import intake, qualification
from shared.contracts.withdrawal import WithdrawalAcceptance
from shared.db import Transaction


async def store_request(tx: Transaction, fact: intake.RequestSubmitted) -> None:
    """Store the number, the title, the applicant and the contact."""
    request = fact.request
    known = KnownRequest(
        request_id=fact.request_id,
        number=request.number,
        title=request.title,
        applicant=request.applicant.name,
        contact_name=request.contact.name,
        contact_email=request.contact.email,
        departement=fact.departement,
        link_generation=fact.link_generation,
        escalated=False,
        filed_at=request.submitted_at,
        contact_role=request.contact.role,
    )
    await save_request(tx, known, at=fact.at)


async def store_service(
    tx: Transaction, fact: qualification.RequestRegistered | qualification.RequestEscalated
) -> None:
    """Store how the département's service presents itself; an address that is none is left out."""
    announced = fact.service
    email = announced.email if announced.email and "@" in announced.email else None
    service = ServiceInCharge(name=announced.name, address=announced.address, email=email, phone=announced.phone)
    await requests.save_service(tx, fact.departement, fact.request_id, service, at=fact.at)


async def store_provider(
    tx: Transaction,
    fact: qualification.OrientedLocally
    | qualification.OrientationAccepted
    | qualification.OrientationDeclined
    | qualification.OrientationDueSoon
    | qualification.OrientationLinkReplaced,
) -> None:
    """Store how the provider who was asked is reached."""
    await contacts.save_provider(tx, fact.departement, fact.request_id, fact.provider, at=fact.at)


async def store_link(tx: Transaction, fact: intake.TrackingLinkReplaced) -> None:
    """Store which tracking link is valid."""
    await replace_link(tx, fact.request_id, fact.link_generation)


async def store_follower(tx: Transaction, fact: intake.ColleagueInvited) -> None:
    """Store who follows the request with the applicant."""
    await add_follower(tx, fact.request_id, Follower(fact.colleague_id, fact.name, fact.email))


async def remove_follower(tx: Transaction, fact: intake.ColleagueRemoved) -> None:
    """Record that a colleague no longer follows the request."""
    await end_follower(tx, fact.colleague_id, at=fact.at)


async def store_escalation(tx: Transaction, fact: qualification.RequestEscalated) -> None:
    """Record that the national team gets mails about the request too."""
    await note_escalation(tx, fact.request_id)
    if (programme := fact.dossier.request.programme) is not None:
        await note_programme(tx, fact.request_id, programme)


async def store_programme(tx: Transaction, fact: qualification.DirectedToProgramme) -> None:
    """Record that a programme's team sees the request from now on."""
    await note_programme(tx, fact.request_id, fact.programme)


async def store_transfer(tx: Transaction, fact: qualification.RequestTransferred) -> None:
    """Store which département has the request now."""
    await note_transfer(tx, fact.request_id, fact.departement, at=fact.at)


async def store_withdrawal(tx: Transaction, fact: WithdrawalAcceptance) -> None:
    """Record that the request ended: mails of steps that arrive later would be untrue."""
    await note_withdrawal(tx, fact.request_id, at=fact.at)
