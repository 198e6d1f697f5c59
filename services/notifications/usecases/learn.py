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
    remember_request,
    replace_link,
)
from shared.contracts import intake, qualification
from shared.contracts.withdrawal import WithdrawalAcceptance
from shared.db import Transaction


async def learn_request(tx: Transaction, fact: intake.RequestSubmitted) -> None:
    """Keep the number, the title, the applicant and the contact."""
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
    )
    await remember_request(tx, known, at=fact.at)


async def learn_service(
    tx: Transaction, fact: qualification.RequestRegistered | qualification.RequestEscalated
) -> None:
    """Keep how the département's service presents itself; an address that is none is left out."""
    told = fact.service
    email = told.email if told.email and "@" in told.email else None
    service = ServiceInCharge(name=told.name, address=told.address, email=email, phone=told.phone)
    await requests.learn_service(tx, fact.departement, fact.request_id, service, at=fact.at)


async def learn_provider(
    tx: Transaction,
    fact: qualification.OrientedLocally
    | qualification.OrientationAccepted
    | qualification.OrientationDeclined
    | qualification.OrientationDueSoon
    | qualification.OrientationLinkReplaced,
) -> None:
    """Keep how the provider who was asked is reached."""
    await contacts.learn_provider(tx, fact.departement, fact.request_id, fact.provider, at=fact.at)


async def learn_link(tx: Transaction, fact: intake.TrackingLinkReplaced) -> None:
    """Keep which tracking link is valid."""
    await replace_link(tx, fact.request_id, fact.link_generation)


async def learn_follower(tx: Transaction, fact: intake.ColleagueInvited) -> None:
    """Keep who follows the request with the applicant."""
    await add_follower(tx, fact.request_id, Follower(fact.colleague_id, fact.name, fact.email))


async def forget_follower(tx: Transaction, fact: intake.ColleagueRemoved) -> None:
    """Keep that somebody follows it no more."""
    await end_follower(tx, fact.colleague_id, at=fact.at)


async def learn_escalation(tx: Transaction, fact: qualification.RequestEscalated) -> None:
    """Keep that the national team has to be told too."""
    await note_escalation(tx, fact.request_id)
    if (programme := fact.dossier.request.programme) is not None:
        await note_programme(tx, fact.request_id, programme)


async def learn_programme(tx: Transaction, fact: qualification.DirectedToProgramme) -> None:
    """Keep that a programme's team sees the request from now on."""
    await note_programme(tx, fact.request_id, fact.programme)


async def learn_transfer(tx: Transaction, fact: qualification.RequestTransferred) -> None:
    """Keep which département has the request now."""
    await note_transfer(tx, fact.request_id, fact.departement, at=fact.at)


async def learn_withdrawal(tx: Transaction, fact: WithdrawalAcceptance) -> None:
    """Record that the request ended: mails of steps that arrive later would be untrue."""
    await note_withdrawal(tx, fact.request_id, at=fact.at)
