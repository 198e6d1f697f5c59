"""Territories that the national programmes cover: a read model that several services fill from the same events.

Such a service has the table `programme_territory` and applies `escalation.programme_coverage_set.v1` by `store`.
"""

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from shared.contracts.escalation import ProgrammeCoverageSet
from shared.contracts.vocabulary import ApplicantKind, Programme
from shared.db import Reader, Transaction
from shared.territory.model import Territory


class Covering(BaseModel):
    """A programme that covers a territory: itself, or through a larger one that it belongs to."""

    programme: Programme
    kind: ApplicantKind
    code: str
    name: str
    since: date | None
    until: date | None

    def is_in_force(self, today: date) -> bool:
        """Return whether the programme covers the territory today."""
        return (self.since is None or self.since <= today) and (self.until is None or self.until >= today)


async def store(tx: Transaction, fact: ProgrammeCoverageSet) -> None:
    """Store the territories of a département that a programme covers; they replace the earlier ones."""
    await tx.execute(
        """
        WITH listed AS (
            SELECT *
            FROM unnest($3::text[], $4::text[], $5::text[], $6::date[], $7::date[])
                AS given (kind, code, name, since, until)
        ), gone AS (
            DELETE FROM programme_territory
            WHERE programme = $1 AND departement = $2 AND (kind, code) NOT IN (SELECT kind, code FROM listed)
        )
        INSERT INTO programme_territory (programme, departement, kind, code, name, since, until)
        SELECT $1, $2, kind, code, name, since, until
        FROM listed
        ON CONFLICT (programme, departement, kind, code) DO UPDATE SET
            name = excluded.name, since = excluded.since, until = excluded.until
        """,
        fact.programme,
        fact.departement,
        [one.kind.value for one in fact.territories],
        [one.code for one in fact.territories],
        [one.name for one in fact.territories],
        [one.since for one in fact.territories],
        [one.until for one in fact.territories],
    )


async def covering(reader: Reader, territory: Territory) -> list[Covering]:
    """Return the programmes that cover a territory, itself or through its EPCI, département or région."""
    around = [(territory.kind, territory.code)]
    if territory.epci:
        around.append((ApplicantKind.EPCI, territory.epci))
    if territory.departement and territory.kind is not ApplicantKind.REGION:
        around.append((ApplicantKind.DEPARTEMENT, territory.departement))
    if territory.region:
        around.append((ApplicantKind.REGION, territory.region))
    rows = await reader.fetch(
        """
        SELECT DISTINCT ON (programme, kind, code) programme, kind, code, name, since, until
        FROM programme_territory
        WHERE (kind, code) IN (SELECT * FROM unnest($1::text[], $2::text[]))
        ORDER BY programme, kind, code
        """,
        [kind.value for kind, _ in around],
        [code for _, code in around],
    )
    return [Covering.model_validate(dict(row)) for row in rows]


async def covered_inside(reader: Reader, communes: Sequence[str], epci: Sequence[str], today: date) -> dict[str, int]:
    """Count by programme the communes and EPCI, among those given, that it covers today."""
    rows = await reader.fetch(
        """
        SELECT programme, count(DISTINCT (kind, code))::int AS territories
        FROM programme_territory
        WHERE ((kind = 'commune' AND code = ANY($1)) OR (kind = 'epci' AND code = ANY($2)))
            AND (since IS NULL OR since <= $3)
            AND (until IS NULL OR until >= $3)
        GROUP BY programme
        ORDER BY programme
        """,
        list(communes),
        list(epci),
        today,
    )
    return {row["programme"]: row["territories"] for row in rows}
