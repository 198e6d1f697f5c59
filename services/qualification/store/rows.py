"""Columns and constructors of providers and orientations, shared by store and reads."""

from services.qualification.domain.matching import CatalogueEntry
from services.qualification.domain.orientation import Orientation, OrientationState
from shared.contracts.qualification import Provider
from shared.contracts.vocabulary import Field, SupportType
from shared.db import Row

PROVIDER = """
    p.id, p.name, p.kind, p.email, p.phone, p.url, p.departements, p.epci, p.communes, p.fields, p.support_types,
    p.capacity, p.valid_from, p.valid_until,
    (SELECT count(*) FROM orientation AS o WHERE o.provider_id = p.id AND o.state IN ('open', 'accepted')) AS engaged
"""

ORIENTATION = """
    o.id, o.request_id, o.departement, o.provider_id, o.provider, o.motive, o.until, o.state, o.answer, o.opened_at,
    o.answered_at, o.link_generation, o.link_sent_at, o.link_withdrawn,
    o.ended_at
"""


def entry_of(row: Row) -> CatalogueEntry:
    """Read a provider out of `PROVIDER`."""
    return CatalogueEntry(
        id=row["id"],
        name=row["name"],
        kind=row["kind"],
        email=row["email"],
        phone=row["phone"],
        url=row["url"],
        departements=tuple(row["departements"]),
        epci=tuple(row["epci"]),
        communes=tuple(row["communes"]),
        fields=tuple(Field(value) for value in row["fields"]),
        support_types=tuple(SupportType(value) for value in row["support_types"]),
        capacity=row["capacity"],
        valid_from=row["valid_from"],
        valid_until=row["valid_until"],
        engaged=row["engaged"],
    )


def orientation_of(row: Row) -> Orientation:
    """Read an orientation out of `ORIENTATION`."""
    return Orientation(
        id=row["id"],
        request_id=row["request_id"],
        departement=row["departement"],
        provider_id=row["provider_id"],
        provider=Provider.model_validate(row["provider"]),
        motive=row["motive"],
        until=row["until"],
        opened_at=row["opened_at"],
        state=OrientationState(row["state"]),
        answer=row["answer"],
        answered_at=row["answered_at"],
        link_generation=row["link_generation"],
        link_sent_at=row["link_sent_at"],
        link_withdrawn=row["link_withdrawn"],
        ended_at=row["ended_at"],
    )
