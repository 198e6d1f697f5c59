"""Export of the queue as a table: the cases that match the filters of the page."""

from typing import Final

from services.qualification.reads.queue import Filters, QueueItemView, queue
from services.qualification.web.context import AgentContext
from shared.contracts.vocabulary import RequestKind, Stage
from shared.errors import Conflict
from shared.french import words
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


async def table_of(context: AgentContext, filters: Filters) -> Table:
    """Return all that the filters let through, in the order of the screen; refuses more than `MOST` cases."""
    cases, total = await queue(context.database, filters, context.viewer, Page(per_page=MOST))
    if total > MOST:
        raise TooManyCases(total=total, most=MOST)
    return Table("demandes", COLUMNS, map(_line, cases))


def _line(case: QueueItemView) -> tuple[Cell, ...]:
    return (
        case.number,
        case.departement,
        case.title,
        words.word(RequestKind(case.kind)),
        case.applicant.name,
        case.applicant.code,
        case.state_label,
        words.word(Stage(case.stage)) if case.stage else None,
        case.due_on,
        "oui" if case.overdue else "non",
        case.answer_until,
        case.urgency,
        case.assignee.name if case.assignee else None,
        case.opened_at,
        case.state_since,
    )
