"""Pages of held requests: list, show, retry, skip."""

from typing import Any, Literal
from urllib.parse import quote

from litestar import Response, get
from litestar.di import NamedDependency
from pydantic import Field

from services.operations.domain import reasons
from services.operations.domain.concerns import What
from services.operations.reads import held, journals, waiting
from services.operations.reads.held import NotHeld
from services.operations.store import record
from services.operations.store.record import Motive
from services.operations.usecases.actions import HeldEvent, RetryOrder, retry, retry_all, skip
from services.operations.web import words
from services.operations.web.context import READERS, OperatorContext, form, page
from shared.commands import Command
from shared.errors import Invalid
from shared.french.numbers import plural_fr
from shared.messaging.inbox.held import Code
from shared.web.actions import Refused
from shared.web.pages import redirect
from shared.web.paging import Page


class RetryGroup(Command):
    """Which held streams are tried again together: service, code and type of event."""

    group: str = Field(max_length=300)
    why: Motive

    def chosen(self) -> tuple[str, Code, str]:
        """Read the choice; refuses (`Invalid`) what the page did not offer."""
        service, _, rest = self.group.partition(" ")
        code, _, type_ = rest.partition(" ")
        if code not in set(Code) or not type_:
            raise Invalid.field("group", "Choisissez un groupe de la liste.")
        return service, Code(code), type_


class SettleHeld(HeldEvent):
    """What is decided about a held event."""

    service: str
    subject: str = ""
    """The request that the page showed: its page shows what became of it, also where somebody else was quicker."""
    action: Literal["retry", "skip"]
    why: Motive
    sure: bool = False
    """To skip is for good: the page asks twice."""


@get("/retenues", guards=[READERS])
async def held_streams(context: NamedDependency[OperatorContext], paging: NamedDependency[Page]) -> Response[Any]:
    """List the held streams: what needs a hand first."""
    return await _list(context, paging)


async def retry_group(do: OperatorContext, command: RetryGroup) -> str:
    """Have a service try again all that it holds for one reason and of one type."""
    service, code, type_ = command.chosen()
    done = await retry_all(do, service, RetryOrder(code=code, type=type_, why=command.why))
    do.flash(f"Nouvel essai de {plural_fr(done.retried, 'demande retenue', 'demandes retenues')}.")
    return "/retenues"


async def _list(context: OperatorContext, paging: Page | None = None, refused: Refused | None = None) -> Response[Any]:
    paging, seen = paging or Page(), context.perimeter
    rows, away = await context.from_all(
        lambda one: held.list_held(one.database, one.name, most=paging.end, perimeter=seen)
    )
    shown = held.in_order(rows)[paging.offset : paging.end]
    totals, _ = await context.from_all(lambda one: held.count(one.database, perimeter=seen))
    groups, _ = await context.from_all(lambda one: held.groups(one.database, one.name, perimeter=seen))
    gaps, _ = await context.from_all(lambda one: waiting.list_gaps(one.database, one.name, most=50, perimeter=seen))
    subjects = [one.subject for one in shown] + [gap.subject for gap in gaps]
    return context.page(
        "held",
        refused,
        away=away,
        rows=shown,
        total=sum(totals),
        groups=[
            (f"{one.service} {one.code} {one.type}", words.held_group(one))
            for one in sorted(groups, key=lambda one: -one.streams)
        ],
        paging=paging,
        gaps=sorted(gaps, key=lambda gap: gap.since),
        numbers=await journals.numbers(context.connections, subjects),
        reason_of=reasons.of_held,
        missing=words.missing,
    )


async def held_stream(context: OperatorContext, service: str, *, refused: Refused | None = None) -> Response[Any]:
    """Show one held stream, and what may be done."""
    database = context.connections.service(service).database
    given = refused.form.values if refused else {"event_id": context.request.query_params.get("evenement", "")}
    try:
        one = await held.show(database, service, str(given.get("event_id", "")), perimeter=context.perimeter)
    except NotHeld as gone:
        if refused is None:
            raise
        context.flash(refused.form.errors.get("") or gone.detail, "warning")
        return redirect(_where_it_shows(str(given.get("subject", ""))))
    numbers = await journals.numbers(context.connections, [one.subject])
    return context.page(
        "held_one",
        refused,
        one=one,
        number=numbers.get(one.subject),
        reason=reasons.of_held(one.reason, one.service),
        code_word=words.HELD[one.code],
        skipping=given.get("action") == "skip",
        entry=What.HELD_GIVEN_UP.row.entry,
    )


async def settle_held(do: OperatorContext, command: SettleHeld) -> str:
    """Try again, or lead the stream past its event."""
    if command.action == "retry":
        await retry(do, command.service, command)
        do.flash("Le service fait un nouvel essai dans la seconde\u00a0; cette page en montre l’effet.")
    else:
        record.motive(command.why)
        if not command.sure:
            raise Invalid.field("sure", "Confirmez que le service n’en tiendra jamais compte\u00a0: c’est définitif.")
        await skip(do, command.service, command)
        do.flash("L’événement est laissé de côté\u00a0; le service continue avec la suite.")
    return _where_it_shows(command.subject)


def _where_it_shows(subject: str) -> str:
    """Return the page that shows what comes of it: the way of the request, or the list for what belongs to none."""
    return f"/demandes/{quote(subject, safe='')}" if subject and not subject.startswith("event:") else "/retenues"


routes = [
    held_streams,
    *form("/retenues", _list, RetryGroup, retry_group),
    page("/retenues/{service:str}", held_stream),
    *form("/retenues/{service:str}", held_stream, SettleHeld, settle_held),
]
