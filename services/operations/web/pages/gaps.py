"""Page of a stream with a gap: show it, or close the gap."""

from typing import Any
from urllib.parse import urlencode

from litestar import Response

from services.operations.domain.concerns import What
from services.operations.reads import journals, waiting
from services.operations.store import record
from services.operations.store.record import Motive
from services.operations.usecases.actions import ExpectedStream, discard_waiting
from services.operations.web import words
from services.operations.web.context import OperatorContext, form, page
from shared.commands import Command
from shared.errors import Invalid
from shared.french.numbers import plural_fr
from shared.web.actions import Refused

ADDRESS = "/retenues/{service:str}/attente"


class CloseGap(Command):
    """Nothing more is expected of a stream."""

    service: str
    why: Motive
    sure: bool = False
    """It is for good: the page asks twice."""


async def waiting_stream(context: OperatorContext, service: str, *, refused: Refused | None = None) -> Response[Any]:
    """Show which event a stream waits for, and what may be done."""
    source, subject = _stream(context)
    gap = await waiting.show(
        context.connections.service(service).database,
        service,
        source=source,
        subject=subject,
        perimeter=context.perimeter,
    )
    numbers = await journals.numbers(context.connections, [subject])
    return context.page(
        "gap",
        refused,
        gap=gap,
        number=numbers.get(subject, subject),
        address=f"/retenues/{service}/attente?{urlencode({'source': source, 'demande': subject})}",
        missing=words.missing(gap),
        entry=What.GAP.row.entry,
    )


async def close_gap(do: OperatorContext, command: CloseGap) -> str:
    """Expect nothing more of a stream."""
    source, subject = _stream(do)
    record.motive(command.why)
    if not command.sure:
        raise Invalid.field("sure", "Confirmez que l’événement attendu n’existera jamais.")
    order = ExpectedStream(source=source, subject=subject, why=command.why)
    parked = (await discard_waiting(do, command.service, order)).parked
    do.flash(f"Le service n’attend plus rien\u00a0; {plural_fr(parked, 'événement rangé', 'événements rangés')}.")
    return "/retenues"


def _stream(context: OperatorContext) -> tuple[str, str]:
    """Return the source and the subject that the address names."""
    query = context.request.query_params
    return query.get("source", ""), query.get("demande", "")


routes = [page(ADDRESS, waiting_stream), *form(ADDRESS, waiting_stream, CloseGap, close_gap)]
