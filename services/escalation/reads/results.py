"""Statistics of the national team's own work: its dossiers, decisions and delays."""

from pydantic import BaseModel

from services.escalation.domain.perimeter import Perimeter
from services.escalation.reads.evaluations import Narrowed, averages
from services.escalation.reads.overview import DelayRow, OverviewView, overview
from shared.db import Database, Reader
from shared.evaluations import Averages


class StatisticsView(BaseModel):
    """The figures of the national team."""

    total: int
    by_state: dict[str, int]
    by_departement: dict[str, int]
    by_field: dict[str, int]
    outcomes: dict[str, int]
    granted_cents: int
    delays: dict[str, DelayRow]
    evaluations: Averages
    all_requests: OverviewView


_SEEN = "($1::text[] IS NULL OR departement = ANY($1)) AND ($2::text[] IS NULL OR programme = ANY($2))"


async def statistics(database: Database, *, perimeter: Perimeter) -> StatisticsView:
    """Return the figures of the dossiers that the caller sees; colleagues who see the same are given the same count."""
    return await database.cache.get(("statistics", repr(perimeter)), lambda: _count(database, perimeter))


async def _count(reader: Reader, perimeter: Perimeter) -> StatisticsView:
    of_all = await overview(reader, perimeter=perimeter)
    by_state = await _counts(reader, "SELECT state AS name, count(*) AS number FROM escalation WHERE", perimeter)
    return StatisticsView(
        total=sum(by_state.values()),
        by_state=by_state,
        by_departement=await _counts(
            reader, "SELECT departement AS name, count(*) AS number FROM escalation WHERE", perimeter
        ),
        by_field=await _counts(
            reader, "SELECT field AS name, count(*) AS number FROM escalation, unnest(fields) AS field WHERE", perimeter
        ),
        outcomes=await _counts(
            reader,
            "SELECT outcome AS name, count(*) AS number FROM decision JOIN escalation USING (request_id) "
            "WHERE replaced_by IS NULL AND state <> 'withdrawn' AND",
            perimeter,
        ),
        granted_cents=of_all.money.granted_cents,
        delays=await _delays(reader, perimeter),
        evaluations=await averages(reader, Narrowed(), perimeter=perimeter),
        all_requests=of_all,
    )


async def _counts(reader: Reader, statement: str, perimeter: Perimeter) -> dict[str, int]:
    rows = await reader.fetch(
        f"{statement} {_SEEN} GROUP BY name ORDER BY number DESC, name",
        perimeter.departements,
        perimeter.programmes,
    )
    return {row["name"]: row["number"] for row in rows}


async def _delays(reader: Reader, perimeter: Perimeter) -> dict[str, DelayRow]:
    """Measure from the last reception on: a dossier that was returned begins again."""
    rows = await reader.fetch(
        f"""
        WITH moment AS (
            SELECT step.request_id,
                max(step.at) FILTER (WHERE step.type = 'escalation.escalation_received.v1') AS received,
                max(step.at) FILTER (WHERE step.type = 'escalation.admissibility_settled.v1') AS admissible,
                max(step.at) FILTER (WHERE step.type = 'escalation.decision_made.v1') AS decided,
                max(step.at) FILTER (WHERE step.type = 'escalation.accompaniment_started.v1') AS accompanied,
                max(step.at) FILTER (WHERE step.type = 'escalation.accompaniment_completed.v1') AS completed
            FROM step
            JOIN escalation USING (request_id)
            WHERE {_SEEN}
            GROUP BY step.request_id
        ), delay AS (
            SELECT stage.place, stage.name, extract(epoch FROM stage.until - stage.since)::float / 86400 AS days
            FROM moment
            CROSS JOIN LATERAL (
                VALUES
                    (1, 'admissibility', received, admissible),
                    (2, 'committee', admissible, decided),
                    (3, 'mobilisation', decided, accompanied),
                    (4, 'accompaniment', accompanied, completed)
            ) AS stage (place, name, since, until)
            WHERE stage.until >= stage.since
        )
        SELECT listed.name, count(delay.days) AS count,
            percentile_cont(0.5) WITHIN GROUP (ORDER BY delay.days) AS median_days,
            percentile_cont(0.9) WITHIN GROUP (ORDER BY delay.days) AS p90_days
        FROM (VALUES (1, 'admissibility'), (2, 'committee'), (3, 'mobilisation'), (4, 'accompaniment'))
            AS listed (place, name)
        LEFT JOIN delay ON delay.place = listed.place
        GROUP BY listed.place, listed.name
        ORDER BY listed.place
        """,
        perimeter.departements,
        perimeter.programmes,
    )
    return {
        row["name"]: DelayRow(
            count=row["count"], median_days=_rounded(row["median_days"]), p90_days=_rounded(row["p90_days"])
        )
        for row in rows
    }


def _rounded(days: float | None) -> float | None:
    return None if days is None else round(days, 1)
