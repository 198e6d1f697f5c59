"""The queue taken home as a table: what an agent filters on the screen, in his spreadsheet."""

from typing import Final

from services.qualification.reads.queue import QueueItem, queue
from services.qualification.usecases.telling import official
from services.qualification.web.asked import Asked, today_of
from shared.contracts.vocabulary import RequestKind, Stage
from shared.db import Database
from shared.errors import Conflict
from shared.french import words
from shared.identity.model import Agent
from shared.web.paging import Page
from shared.web.tables import Cell, Table

MOST: Final = 20_000
"""Lines that a spreadsheet still opens at once."""

COLUMNS: Final = (
    "Numéro",
    "Département",
    "Intitulé",
    "Nature",
    "Demandeur",
    "Code du territoire",
    "État",
    "Étape",
    "Échéance",
    "En retard",
    "Réponse du demandeur attendue le",
    "Urgence",
    "Responsable",
    "Arrivée",
    "Dans cet état depuis",
)


class TooManyCases(Conflict):
    """The list is too long for one table."""

    code = "too_many_cases"
    title = "Too many cases for one table"
    sentence = "La liste compte {total} demandes. Filtrez-la pour en exporter {most} au plus."


async def table_of(database: Database, asked: Asked, agent: Agent) -> Table:
    """Give all that the filters let through, in the order of the screen; refuses more than `MOST` cases."""
    cases, total = await queue(
        database,
        asked.filters,
        perimeter=agent.perimeter,
        who=official(agent),
        today=today_of(agent),
        page=Page(per_page=MOST),
        sort=asked.sort,
    )
    if total > MOST:
        raise TooManyCases(total=total, most=MOST)
    return Table("demandes", COLUMNS, map(_line, cases))


def _line(case: QueueItem) -> tuple[Cell, ...]:
    return (
        case.number,
        case.departement,
        case.title,
        words.word(RequestKind(case.kind)),
        case.applicant_name,
        case.applicant_code,
        words.state_word(case.state),
        words.word(Stage(case.stage)) if case.stage else None,
        case.due_on,
        "oui" if case.overdue else "non",
        case.answer_until,
        case.urgency,
        case.assignee_name,
        case.opened_at,
        case.state_since,
    )
