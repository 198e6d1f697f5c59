"""Pages of the quarantine: list, show, replay, discard."""

from typing import Any, Final, Literal
from uuid import UUID

import structlog
from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from pydantic import AwareDatetime

from services.operations.domain import reasons
from services.operations.domain.concerns import What
from services.operations.reads import causes, quarantine
from services.operations.reads.causes import Cause
from services.operations.store.record import Motive
from services.operations.usecases import settle_causes, settle_quarantine
from services.operations.usecases.actions import Why, discard_message, replay_message, settle_all
from services.operations.usecases.settle_causes import Settlement
from services.operations.web import words
from services.operations.web.context import READERS, OperatorContext, form, page
from shared import db
from shared.french.numbers import plural_fr
from shared.web.actions import Refused
from shared.web.paging import Page

log = structlog.get_logger(__name__)

SHOWN: Final = 4000
"""Characters of an unreadable message that the page shows; the command line shows them all."""
OF_CAUSE: Final = "/quarantaine/{service:str}/cause/{key:str}"
OF_MESSAGE: Final = "/quarantaine/{service:str}/{message_id:uuid}"


class SettleMessage(Why):
    """What is decided about an unreadable message."""

    service: str
    message_id: UUID
    action: Literal["replay", "discard"]
    why: Motive


class SettleCause(Why):
    """What is decided about all messages of one cause that were received until the page was shown."""

    service: str
    key: str
    action: Literal["replay", "discard"]
    why: Motive
    until: AwareDatetime


@get("/quarantaine", guards=[READERS])
async def quarantined(
    context: NamedDependency[OperatorContext], paging: NamedDependency[Page], etat: FromQuery[str | None] = None
) -> Response[Any]:
    """List the messages that wait for a decision, or those that were settled."""
    settled, seen = etat == "traites", context.perimeter
    rows, away = await context.from_all(
        lambda one: quarantine.list_quarantined(
            one.database, one.name, settled=settled, most=paging.end, perimeter=seen
        )
    )
    totals, _ = await context.from_all(lambda one: quarantine.count(one.database, settled=settled, perimeter=seen))
    groups: list[Cause] = []
    if not settled:
        groups, _ = await context.from_all(lambda one: causes.list_causes(one.database, one.name, perimeter=seen))
    return context.page(
        "quarantine",
        away=away,
        rows=quarantine.in_order(rows, settled=settled)[paging.offset : paging.end],
        total=sum(totals),
        causes=sorted(groups, key=lambda one: -one.messages),
        paging=paging,
        settled=settled,
        settlements=words.SETTLEMENT,
        reason_of=reasons.of_unreadable,
    )


async def quarantined_cause(
    context: OperatorContext, service: str, key: str, *, refused: Refused | None = None
) -> Response[Any]:
    """Show the messages of one cause, the first ten of them, and what may be done with all."""
    database = context.connections.service(service).database
    seen = await db.now(database)
    one = await causes.show(database, service, key, perimeter=context.perimeter)
    return context.page(
        "quarantine_cause",
        refused,
        one=one,
        until=seen.isoformat(),
        rows=await causes.preview(database, service, key, perimeter=context.perimeter),
        most=settle_causes.MOST,
        reason=reasons.of_unreadable(one.reason, damaged=one.damaged),
        entry=What.QUARANTINE.row.entry,
    )


async def settle_cause(do: OperatorContext, command: SettleCause) -> str:
    """Send all messages of one cause to their service again, or put them away."""
    replayed = command.action == "replay"
    settlement: Settlement = "replayed" if replayed else "discarded"
    done = await settle_all(do, command.service, command.key, settlement, why=command.why, until=command.until)
    nouns = ("message renvoyé", "messages renvoyés") if replayed else ("message écarté", "messages écartés")
    do.flash(f"{plural_fr(done.settled, *nouns)}.")
    if not done.left:
        return "/quarantaine"
    do.flash(f"Il en reste {plural_fr(done.left, 'message', 'messages')}\u00a0: recommencez.", "warning")
    return f"/quarantaine/{command.service}/cause/{command.key}"


async def quarantined_message(
    context: OperatorContext, service: str, message_id: UUID, *, refused: Refused | None = None
) -> Response[Any]:
    """Show one unreadable message with its bytes, and what may be done."""
    watched = context.connections.service(service)
    one, content = await settle_quarantine.read(
        watched, message_id, by=context.agent.email, perimeter=context.perimeter
    )
    body = content.decode("utf-8", "replace")
    log.info("quarantine.consulted", message_id=str(message_id), service=service)
    return context.page(
        "quarantine_one",
        refused,
        one=one,
        body=body[:SHOWN],
        cut=len(body) > SHOWN,
        settlements=words.SETTLEMENT,
        reason=reasons.of_unreadable(one.reason, damaged=one.damaged),
        request_id=quarantine.request_named_in(body),
        entry=(What.DEAD if one.dead else What.QUARANTINE).row.entry,
    )


async def settle_message(do: OperatorContext, command: SettleMessage) -> str:
    """Send an unreadable message to its service again, or put it away."""
    if command.action == "replay":
        await replay_message(do, command.service, command.message_id, command)
        do.flash("Le message est renvoyé au service. S’il est encore illisible, il reviendra ici.")
    else:
        await discard_message(do, command.service, command.message_id, command)
        do.flash("Le message est écarté\u00a0; son contenu est conservé.")
    return "/quarantaine"


routes = [
    quarantined,
    page(OF_CAUSE, quarantined_cause),
    *form(OF_CAUSE, quarantined_cause, SettleCause, settle_cause),
    page(OF_MESSAGE, quarantined_message),
    *form(OF_MESSAGE, quarantined_message, SettleMessage, settle_message),
]
