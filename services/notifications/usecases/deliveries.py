"""Create the mails of a consumed event: one row per recipient, in the transaction that applies the event."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, tzinfo
from typing import Final, TypeVar
from uuid import UUID

from pydantic import TypeAdapter, ValidationError

from services.notifications.domain import deliveries, preferences
from services.notifications.domain.audiences import Mail, mails_of
from services.notifications.domain.deliveries import Status
from services.notifications.domain.directory import Directory, ServiceInCharge
from services.notifications.domain.incoming import ANSWERABLE
from services.notifications.domain.mail_text import WRITE_ABOVE
from services.notifications.domain.preferences import Cadence, Preference
from services.notifications.rendering import links as addresses
from services.notifications.rendering.attachments import letter_of
from services.notifications.store.contacts import contacts
from services.notifications.store.deliveries import MailRow, NewDelivery, add_delivery
from services.notifications.store.followers import followers
from services.notifications.store.preferences import Addressee, copy_recipients, preference
from services.notifications.store.requests import KnownRequest, known_request, service_from_events
from services.notifications.usecases.parts import Parts
from shared import db
from shared.contracts import intake, qualification
from shared.contracts.fact import Email, Fact
from shared.contracts.notifications import DeliveryFact, DeliveryFailed
from shared.db import Reader, Transaction
from shared.errors import Conflict, WaitsForAnother
from shared.letters import LETTER
from shared.messaging import journal

SOURCE: Final = "/notifications"
TOLD_TO_A_PARTY: Final = (
    qualification.PactPartyInvited,
    qualification.PactPartyRemoved,
    qualification.PactSignatureReminded,
)
"""Facts that name the party of a pact who is told, and its link."""

About = TypeVar("About", bound=DeliveryFact)

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)


class RequestNotKnownYet(WaitsForAnother, Conflict):
    """An event came before the request it is about: it waits, and is applied when the request is known."""

    code = "request_not_known_yet"
    title = "The request is not known yet: its filing has not arrived"
    sentence = "La demande n’est pas encore connue ici : elle arrive."


async def create_deliveries(tx: Transaction, fact: Fact, *, event_id: UUID, at: datetime, parts: Parts) -> None:
    """Queue every mail that the fact makes; `at` is now, not when it happened, which may be long ago."""
    request = await known_request(tx, fact.request_id)
    mails = mails_of(
        fact,
        national=request is not None and request.escalated,
        withdrawn=request is not None and request.withdrawn_at is not None,
        filed_at=request.filed_at if request else None,
    )
    if not mails:
        return
    if request is None and not isinstance(fact, qualification.PactFact):
        raise RequestNotKnownYet
    entered = await contacts(tx, _mailboxes(mails, fact))
    service = await service_in_charge(tx, fact.departement, parts.directory, entered)
    today = at.astimezone(parts.zone_of(fact.departement)).date()
    for mail in mails:
        for addressee in await _addressees(tx, mail, fact, request, service, parts.directory, entered, today=today):
            await _create_delivery(tx, mail, addressee, fact, request, service, event_id=event_id, at=at, parts=parts)


async def _addressees(
    tx: Transaction,
    mail: Mail,
    fact: Fact,
    request: KnownRequest | None,
    service: ServiceInCharge,
    directory: Directory,
    entered: Mapping[str, ServiceInCharge],
    *,
    today: date,
) -> list[Addressee]:
    """Find who gets a mail: the person, or the team's mailbox and those of its agents who asked for it."""
    if mail.audience == "applicant":
        return await _applicants(tx, mail, fact, request) if request else []
    if mail.audience == "provider":
        return [Addressee("person", _valid_address(getattr(fact, "provider").email))]  # noqa: B009 - only such facts have one
    if isinstance(fact, TOLD_TO_A_PARTY):
        return [Addressee("person", fact.email or "")]
    programme = getattr(fact, "programme", None)
    holder = mailbox(mail.audience, fact.departement, programme)
    address = mailbox_address(holder, directory, service, entered)
    box = Addressee(
        holder,
        address or "",
        await preference(tx, holder, mail.audience, mail.template) or Preference(mail.cadence),
    )
    roles = [str(role) for role in preferences.ROLES_OF[mail.audience]]
    agents = await copy_recipients(tx, mail.audience, mail.template, roles, fact.departement, programme, today=today)
    return [box, *agents]


async def _applicants(tx: Transaction, mail: Mail, fact: Fact, request: KnownRequest) -> list[Addressee]:
    """Find who reads on the applicant's side: the contact, and the colleagues who follow the request."""
    following = [
        Addressee(deliveries.FOLLOWER + str(one.id), one.email, follower=one)
        for one in await followers(tx, request.request_id)
    ]
    if isinstance(fact, intake.ColleagueInvited):
        return [one for one in following if one.holder == deliveries.FOLLOWER + str(fact.colleague_id)]
    return [Addressee("person", request.contact_email), *([] if mail.alone else following)]


def _valid_address(address: str) -> str:
    """Return an address that mail can be sent to, or nothing: a catalogue may hold anything."""
    try:
        return _EMAIL.validate_python(address)
    except ValidationError:
        return ""


def mailbox(audience: str, departement: str | None, programme: str | None = None) -> str:
    """Name the mailbox of a team."""
    part = {"departement": departement, "delegate": departement, "programme": programme}.get(audience)
    return f"mailbox:{audience}:{part}" if part else f"mailbox:{audience}"


def _mailboxes(mails: Iterable[Mail], fact: Fact) -> list[str]:
    """Name the mailboxes that mails may go to, and that of the service in charge, which they name."""
    programme = getattr(fact, "programme", None)
    boxes = {mailbox(mail.audience, fact.departement, programme) for mail in mails}
    return [*boxes, mailbox("departement", fact.departement)]


async def service_in_charge(
    reader: Reader, departement: str, directory: Directory, entered: Mapping[str, ServiceInCharge]
) -> ServiceInCharge:
    """Return the département's service as mails name it."""
    announced = await service_from_events(reader, departement)
    return directory.service(departement, announced, entered.get(mailbox("departement", departement)))


def mailbox_address(
    holder: str, directory: Directory, service: ServiceInCharge | None, entered: Mapping[str, ServiceInCharge]
) -> str | None:
    """Find the address of a team's mailbox, if it is known: what its agents entered comes first."""
    if holder in entered:
        return entered[holder].email
    _, audience, *part = holder.split(":")
    scope = part[0] if part else ""
    known: Mapping[str, str | None] = {
        "departement": service.email if service else None,
        "delegate": directory.delegates.get(scope),
        "programme": directory.programmes.get(scope),
        "national": directory.national,
        "committee": directory.committee,
        "operator": directory.operator,
    }
    return known[audience]


async def _create_delivery(
    tx: Transaction,
    mail: Mail,
    addressee: Addressee,
    fact: Fact,
    request: KnownRequest | None,
    service: ServiceInCharge,
    *,
    event_id: UUID,
    at: datetime,
    parts: Parts,
) -> None:
    delivery_id = deliveries.id_of(event_id, mail.audience, addressee.holder)
    follower = addressee.follower
    link_kind, target = ("follower", str(follower.id)) if follower else (mail.link, _target(mail, fact))
    secret = link_kind in addresses.SECRET
    link = addresses.mark(delivery_id) if secret else parts.links.open(mail.link, target)
    if mail.place:
        link = f"{link}#{mail.place}"
    answerable = parts.returns is not None and request is not None and mail.audience in ANSWERABLE
    letter = letter_of(mail, fact, request, service) if parts.attaches_letters else None
    context = {
        "fact": fact,
        "request": request,
        "service": service,
        "instead_of": addressee.instead_of,
        "follower": follower,
        "attached": letter is not None,
        "write_above": WRITE_ABOVE if answerable else "",
        "preferences": parts.links.preferences,
        "today": at.astimezone(parts.zone_of(fact.departement)).date(),
    }
    rendered = parts.renderer.write(mail.template, context, link=link)
    known = addressee.address != ""
    cadence = addressee.preference.cadence if known else Cadence.INSTANT
    waits = cadence in {Cadence.DAILY, Cadence.WEEKLY}
    due = addressee.preference.due(await db.now(tx) if waits else at, _zone(mail, fact, parts))
    new = NewDelivery(
        id=delivery_id,
        event_id=event_id,
        event_type=fact.wire_type,
        event_at=fact.at,
        request_id=request.request_id if request else None,
        number=request.number if request else None,
        departement=fact.departement,
        audience=mail.audience,
        template=mail.template,
        holder=addressee.holder,
        recipient=addressee.address,
        subject=rendered.subject,
        text_body=rendered.text,
        html_body=rendered.html,
        letter=LETTER.dump_python(letter, mode="json") if letter else None,
        link_kind=link_kind,
        link_target=target,
        reply_to=service.email if mail.audience in {"applicant", "provider", "party"} else None,
        cadence=cadence,
        status=Status.QUEUED if known else Status.FAILED,
        next_attempt_at=due if known else None,
        reason=None if known else deliveries.NO_ADDRESS,
        created_at=at,
    )
    if await add_delivery(tx, new) and not known:
        await record_failure(tx, new, reason=deliveries.NO_ADDRESS, at=at, parts=parts)


def _zone(mail: Mail, fact: Fact, parts: Parts) -> tzinfo:
    """Return the time zone of a digest: that of the département for its own agents, Paris for the national teams."""
    return parts.zone_of(fact.departement if mail.audience in {"departement", "delegate"} else None)


async def in_time(tx: Transaction, request_id: UUID, at: datetime) -> datetime:
    """Return a moment after the stream's latest.

    No row guards the stream here, as a case or a dossier does elsewhere: the stream itself is locked.
    """
    await journal.lock_stream(tx, SOURCE, request_id)
    return await journal.in_time(tx, SOURCE, request_id, at)


async def fact_about(
    tx: Transaction, kind: type[About], mail: MailRow, request_id: UUID, *, at: datetime, **more: object
) -> About:
    """Return an event about a mail of a request, at a moment after the stream's latest."""
    return kind.model_validate(
        {
            "request_id": request_id,
            "departement": mail.departement or "",
            "at": await in_time(tx, request_id, at),
            "delivery_id": mail.id,
            "event_id": mail.event_id,
            "audience": mail.audience,
            "template": mail.template,
            "colleague_id": deliveries.follower_of(mail.holder),
            **more,
        }
    )


async def record_failure(tx: Transaction, mail: MailRow, *, reason: str, at: datetime, parts: Parts) -> None:
    """Record that a mail reached nobody, and queue the mail that this makes: the département must know."""
    if mail.request_id is None or tx.replaying:
        return
    takes_no_mail = deliveries.takes_no_mail(reason)
    failed = await fact_about(
        tx, DeliveryFailed, mail, mail.request_id, at=at, reason=reason, takes_no_mail=takes_no_mail
    )
    failed_id = await journal.record(tx, failed)
    await create_deliveries(tx, failed, event_id=failed_id, at=at, parts=parts)


def _target(mail: Mail, fact: Fact) -> str:
    """Return what the mail's link leads to."""
    match mail.link:
        case "orientation":
            generation = getattr(fact, "link_generation", 1)  # the first link is that of the question itself
            return f"{getattr(fact, 'orientation_id')}.{generation}"  # noqa: B009 - only orientations have such a link
        case "pact":
            return f"{getattr(fact, 'party_id')}.{getattr(fact, 'link_generation')}"  # noqa: B009 - only parties' facts
        case "session":
            return str(getattr(fact, "session_id"))  # noqa: B009 - only agendas have such a link
        case "programme":
            return str(getattr(fact, "programme"))  # noqa: B009 - only programmes have such a link
        case "delivery":
            return str(getattr(fact, "delivery_id"))  # noqa: B009 - only deliveries have such a link
        case _:
            return str(fact.request_id)
