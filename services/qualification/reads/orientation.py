"""Read model of an orientation by its link: the request, and the contact once the provider has accepted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from services.qualification.domain.case import standing_of
from services.qualification.domain.local_work import LocalWork
from services.qualification.domain.moves import State
from services.qualification.domain.orientation import Orientation, OrientationState
from services.qualification.domain.people import Helper
from services.qualification.reads.case import LocalWorkView, local_work_view
from services.qualification.store.rows import ORIENTATION, orientation_of
from shared.contracts.intake import Applicant, Contact, Request
from shared.contracts.vocabulary import Field, RequestKind, SupportType
from shared.db import Reader
from shared.errors import NotFound

HELPS: Final = frozenset({OrientationState.ACCEPTED, OrientationState.ENDED})
"""Where the provider sees the local work, which is its own."""


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
    local_work: LocalWorkView | None
    allowed_actions: list[str]


async def find(
    reader: Reader, orientation_id: UUID, today_in: Callable[[str], date]
) -> tuple[Orientation, OrientationView]:
    """Return one orientation, and what its provider sees of it; `NotFound` when there is none."""
    row = await reader.fetchrow(
        f"""
        SELECT {ORIENTATION}, c.request, c.state AS case_state, c.local_work
        FROM orientation AS o
        JOIN case_file AS c ON (c.request_id, c.departement) = (o.request_id, o.departement)
        WHERE o.id = $1
        """,
        orientation_id,
    )
    if row is None:
        raise NotFound
    orientation, request = orientation_of(row), Request.model_validate(row["request"])
    known = LocalWork.model_validate(row["local_work"]) if row["local_work"] else None
    own = known is not None and known.since == orientation.answered_at and orientation.state in HELPS
    work = known if own else None
    acts = standing_of(State(row["case_state"]), None, work, asked=False).allowed_actions(
        Helper(orientation.provider.name)
    )
    day, of = today_in(orientation.departement), (orientation.request_id, orientation.departement)
    shown = await local_work_view(reader, *of, work, today=day, url=None) if work else None
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
        local_work=shown,
        allowed_actions=["acceptance", "decline"] if orientation.state is OrientationState.OPEN else acts,
    )
    return orientation, view
