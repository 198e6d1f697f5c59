"""File a request with its documents exactly once, and give it a number."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from services.intake.domain import filing
from services.intake.domain.colleagues import Holder
from services.intake.domain.life import MEANINGS, Status
from services.intake.domain.request import TrackedRequest, expected_after
from services.intake.domain.timeline import step_of
from services.intake.store import requests
from services.intake.usecases.context import Context
from services.intake.usecases.documents import add_document
from shared.calendar import PARIS, time_zone, today
from shared.clock import new_id
from shared.contracts import intake
from shared.contracts.fact import Actor
from shared.contracts.forms import FiledApplicant, FiledRequest
from shared.contracts.vocabulary import ApplicantKind, Role
from shared.db import Transaction
from shared.errors import FieldError, Invalid
from shared.limits import UNLIMITED, Quota
from shared.messaging import journal
from shared.territory.identification import Identified
from shared.territory.territories import Territories


@dataclass(frozen=True, slots=True)
class Filed:
    """What a filing gives back, the same each time it is repeated."""

    id: UUID
    number: str
    departement: str
    at: datetime
    status: Status = Status.SUBMITTED


@dataclass(frozen=True, slots=True)
class Checked:
    """A request in which nothing is wrong, and its official territory."""

    filed: FiledRequest
    found: Identified


@dataclass(frozen=True, slots=True)
class Origin:
    """Who files, and by what way."""

    key: str | None = None
    """The same key with the same body and files gives the same request."""
    filed_from: str | None = None
    """The source of another form."""
    filed_by: Actor | None = None
    """The agent who files for the collectivité; without it the contact files."""
    trusted: bool = False
    """An agent or an agent's program files, so that the contact's address needs no confirmation."""


def check(territories: Territories, filed: FiledRequest, *, at: datetime) -> Checked:
    """Find the territory and all that is wrong at once; refuses with `Invalid`."""
    errors: list[FieldError] = []
    found: Identified | None = None
    try:
        found = identify(territories, filed.applicant, filed.lead_departement)
    except Invalid as refusal:
        errors += refusal.errors
    errors += filing.errors_in(filed, today=local_day(found, at))
    if errors or found is None:
        raise Invalid(errors)
    return Checked(filed, found)


def identify(territories: Territories, applicant: FiledApplicant, lead_departement: str | None) -> Identified:
    """Find the official territory that an applicant names; refuses with `Invalid`."""
    return territories.identify(applicant.kind, applicant.code, applicant.communes, lead_departement, applicant.name)


def local_day(found: Identified | None, at: datetime) -> date:
    """Return the date in a territory; that of Paris while it is not known."""
    return today(found.departement if found else PARIS, at)


async def file_request(
    tx: Transaction,
    checked: Checked,
    *,
    at: datetime,
    origin: Origin = Origin(),
    documents: Sequence[intake.Document] = (),
    quota: Quota = UNLIMITED,
) -> Filed:
    """File a request with its documents, whose bytes are on the disk already, and give it its number.

    Refuses with `KeyReused` when the key came with another body or other files, with `FileTooLarge` and
    `RequestTooLarge`, and with `LimitReached` when `quota` has no room for another filing.
    """
    filed, departement, request_id = checked.filed, checked.found.departement, new_id()
    if origin.key is not None:
        key_digest = _key_digest(origin.key, filed, origin.filed_from)
        body_digest = _body_digest(filed, documents)
        if not await requests.claim_key(tx, key_digest, body_digest, request_id, at):
            known_id, number, departement, filed_at, body_before = await requests.filed_under(tx, key_digest)
            if body_before != body_digest:
                raise filing.KeyReused
            return Filed(known_id, number, departement, filed_at)
    await quota.take(tx)
    number = await requests.next_number(tx, departement, at.astimezone(time_zone(departement)).year)
    fact = intake.RequestSubmitted(
        request_id=request_id,
        departement=departement,
        at=at,
        request=_request(checked, number=number, at=at, filed_by=origin.filed_by),
        filed_from=origin.filed_from,
    )
    event_id = await journal.record(tx, fact)
    await store_submitted(tx, fact, event_id=event_id, confirmed_at=at if origin.trusted else None)
    applicant = Context(tx, Holder(request_id, generation=fact.link_generation), at)
    for document in documents:
        await add_document(applicant, document, with_request=True)
    return Filed(request_id, number, departement, at)


async def store_submitted(
    tx: Transaction, fact: intake.RequestSubmitted, *, event_id: UUID, confirmed_at: datetime | None = None
) -> None:
    """Store the request that was filed, and begin its timeline."""
    tracked = _tracked(fact)
    tracked.contact_confirmed_at = confirmed_at
    await requests.add(tx, tracked, filed_from=fact.filed_from)
    await requests.add_step(tx, fact.request_id, event_id, step_of(fact, MEANINGS[intake.RequestSubmitted]))


def _request(checked: Checked, *, number: str, at: datetime, filed_by: Actor | None) -> intake.Request:
    filed, found = checked.filed, checked.found
    territory = found.territory
    return intake.Request(
        number=number,
        applicant=intake.Applicant(
            kind=territory.kind,
            code=territory.code,
            name=territory.full_name,
            departement=found.departement,
            departements=territory.departements,
            region=territory.region,
            epci=territory.epci,
            population=territory.population,
            communes=territory.communes if territory.kind is ApplicantKind.PRIORITY else (),
        ),
        contact=intake.Contact(**filed.contact.model_dump()),
        kind=filed.kind,
        title=filed.title,
        description=filed.description,
        support_types=filing.without_duplicates(filed.support_types),
        fields=filing.without_duplicates(filed.fields),
        programme=filed.programme,
        budget_cents=filed.budget_cents,
        desired_start=filed.desired_start,
        engineering_sought=filed.engineering_sought,
        submitted_at=at,
        filed_by=filed_by or Actor(role=Role.APPLICANT, name=filed.contact.name, email=filed.contact.email),
    )


def _tracked(fact: intake.RequestSubmitted) -> TrackedRequest:
    meaning = MEANINGS[intake.RequestSubmitted]
    return TrackedRequest(
        id=fact.request_id,
        departement=fact.departement,
        departement_at=fact.at,
        filed=fact.request,
        status=meaning.status or Status.SUBMITTED,
        status_at=fact.at,
        team=meaning.team,
        expected=expected_after(fact, meaning),
    )


def _key_digest(key: str, filed: FiledRequest, filed_from: str | None) -> bytes:
    """Return what stands for a key; each contact has keys of their own, so that a stranger takes none from them.

    A form has its own too, whichever contact it files for: an id serves one request.
    """
    if filed_from:
        return _digest(f"{filed_from}\0\0{key}")
    return _digest(f"{filed.contact.email.casefold()}\0{key}")


def _body_digest(filed: FiledRequest, documents: Sequence[intake.Document]) -> bytes:
    """Return what stands for all that was typed and joined."""
    return _digest("\n".join([filed.model_dump_json(), *(f"{one.name} {one.sha256}" for one in documents)]))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
