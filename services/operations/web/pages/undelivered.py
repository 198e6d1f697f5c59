"""Pages of dead letters and unrouted messages: list, send again."""

from typing import Any
from urllib.parse import quote

from litestar import Response

from services.operations.domain.queues import DEAD, require_open
from services.operations.reads import undelivered
from services.operations.store.record import Motive
from services.operations.usecases.actions import Why, drain_dead, replay_unrouted
from services.operations.web.context import OperatorContext, form, page
from shared.errors import NotFound
from shared.french.numbers import plural_fr
from shared.messaging.names import UNROUTED_QUEUE
from shared.web.actions import Refused


class SendParked(Why):
    """Messages of a queue are sent where they belong."""

    queue: str
    why: Motive


async def parked(context: OperatorContext, queue: str, *, refused: Refused | None = None) -> Response[Any]:
    """Show the dead letters of a queue, or what no queue listens to."""
    _known(queue, context)
    return context.page(
        "undelivered",
        refused,
        queue=queue,
        unrouted=queue == UNROUTED_QUEUE,
        rows=await undelivered.list_undelivered(context.connections, queue),
    )


async def send_parked(do: OperatorContext, command: SendParked) -> str:
    """Have their service take dead letters again, or publish again what had no listener."""
    _known(command.queue, do)
    if command.queue != UNROUTED_QUEUE:
        done = await drain_dead(do, command.queue, command)
        do.flash(f"{plural_fr(done.moved, 'message remis', 'messages remis')} en file.")
    else:
        replayed = await replay_unrouted(do, command)
        sentence = f"{plural_fr(replayed.moved, 'message publié', 'messages publiés')} à nouveau"
        do.flash(
            f"{sentence} ; {replayed.came_back} toujours sans destinataire." if replayed.came_back else f"{sentence}."
        )
    return f"/files/{quote(command.queue)}"


def _known(queue: str, context: OperatorContext) -> None:
    """Refuse (`NotFound`) every queue but those where messages are parked, and those where others' are.

    A look at another queue would reorder it.
    """
    require_open(queue, context.perimeter)
    if queue != UNROUTED_QUEUE and not queue.endswith(DEAD):
        raise NotFound


routes = [page("/files/{queue:str}", parked), *form("/files/{queue:str}", parked, SendParked, send_parked)]
