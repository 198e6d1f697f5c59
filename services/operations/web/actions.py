"""Calls of the API for operators' actions, made from the table in `usecases/actions.py`."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final, get_type_hints

from litestar.handlers import HTTPRouteHandler

from services.operations.reads import held
from services.operations.reads.held import Held
from services.operations.usecases import actions
from services.operations.usecases.actions import ACTIONS, OperatorAction
from services.operations.web.api import HeldItem, MailItem, QuarantinedItem, held_item, mail_item, quarantined_item
from services.operations.web.context import OPERATORS, OperatorContext
from shared.db import Reader
from shared.web.actions import Action, Answer, Resource, api_routes


async def _as_it_is(_: OperatorContext, __: Reader, result: Any, *___: object) -> Any:
    return result


async def _held_now(context: OperatorContext, _: Reader, one: Held, service: str) -> HeldItem:
    """Return the stream as it is held after the action."""
    return held_item(await held.show(context.connections.service(service).database, service, one.event_id), context)


def _shown(show: Callable[[Any, OperatorContext], Any]) -> Callable[..., Awaitable[Any]]:
    async def read(context: OperatorContext, _: Reader, result: Any, *__: object) -> Any:
        return show(result, context)

    return read


ANSWERS: Final[Mapping[Callable[..., Any], Answer]] = {
    actions.retry: Answer(HeldItem, _held_now),
    actions.skip: Answer(HeldItem, _shown(lambda one, _: HeldItem(**one.model_dump(), allowed_actions=[]))),
    actions.replay_message: Answer(QuarantinedItem, _shown(quarantined_item)),
    actions.discard_message: Answer(QuarantinedItem, _shown(quarantined_item)),
    actions.resend_delivery: Answer(MailItem, _shown(mail_item)),
}
"""What the API answers an action with, where that is not what the use case returns."""


def _route(row: OperatorAction) -> list[HTTPRouteHandler]:
    address, answer = row.address, ANSWERS.get(row.use_case)
    resource = Resource(address=address, page=address, view=None, read=_as_it_is, show=_as_it_is, guards=[OPERATORS])
    answer = answer or Answer(get_type_hints(row.use_case)["return"], _as_it_is)
    return api_routes(resource, [Action(row.name, row.command, row.use_case, answer=answer)])


routes: list[Any] = [route for row in ACTIONS for route in _route(row)]
