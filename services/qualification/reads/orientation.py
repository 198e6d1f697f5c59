"""Read model of an orientation by its link: the request, and the contact once the provider has accepted."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.store.rows import ORIENTATION, orientation_of
from shared.contracts.intake import Applicant, Contact, Request
from shared.contracts.vocabulary import Field, RequestKind, SupportType
from shared.db import Reader
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class OrientationView:
    """What the provider sees by its link; `contact` only once it has accepted, as long as it helps."""

    id: UUID
    state: str
    number: str
    applicant: Applicant
    kind: RequestKind
    title: str
    description: str
    support_types: list[SupportType]
    fields: list[Field]
    motive: str
    until: date
    contact: Contact | None
    allowed_actions: list[str]


async def find(reader: Reader, orientation_id: UUID) -> tuple[Orientation, OrientationView]:
    """Return one orientation, and what its provider sees of it; `NotFound` when there is none."""
    row = await reader.fetchrow(
        f"""
        SELECT {ORIENTATION}, c.request
        FROM orientation AS o
        JOIN case_file AS c ON (c.request_id, c.departement) = (o.request_id, o.departement)
        WHERE o.id = $1
        """,
        orientation_id,
    )
    if row is None:
        raise NotFound
    orientation, request = orientation_of(row), Request.model_validate(row["request"])
    view = OrientationView(
        id=orientation.id,
        state=orientation.state,
        number=request.number,
        applicant=request.applicant,
        kind=request.kind,
        title=request.title,
        description=request.description,
        support_types=list(request.support_types),
        fields=list(request.fields),
        motive=orientation.motive,
        until=orientation.until,
        contact=request.contact if orientation.state is OrientationState.ACCEPTED else None,
        allowed_actions=["acceptance", "decline"] if orientation.state is OrientationState.OPEN else [],
    )
    return orientation, view
