"""The AsyncAPI document of a service, generated from the contracts: what it tells and what it hears."""

import inspect
import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from faststream.rabbit import RabbitBroker, RabbitQueue
from faststream.specification import AsyncAPI
from pydantic import ConfigDict

from shared.contracts.fact import Fact
from shared.messaging import topology


def document(*, name: str, tells: Sequence[type[Fact]], hears: Iterable[type[Fact]], queue: str) -> dict[str, Any]:
    """Describe one service in AsyncAPI 3: a channel per fact, with the schema of its data."""
    broker = RabbitBroker("amqp://broker", specification_url="amqp://broker", logger=None)
    for fact in tells:
        broker.publisher(
            routing_key=_key(fact),
            exchange=topology.exchange,
            title=f"tell:{fact.wire_type}",
            description=inspect.getdoc(fact),
            schema=_titled(fact),
        )
    for fact in hears:
        subscriber = broker.subscriber(
            RabbitQueue(f"{queue}:{fact.wire_type}", routing_key=_key(fact)),
            exchange=topology.exchange,
            title=f"hear:{fact.wire_type}",
            description=inspect.getdoc(fact),
        )
        subscriber(_listener(fact))
    specification = AsyncAPI(broker, title=f"Cousu-main: {name}", version="1", schema_version="3.0.0")
    described: dict[str, Any] = json.loads(specification.to_specification().to_json())
    return described


def _key(fact: type[Fact]) -> str:
    service, name, _version = fact.wire_type.split(".")
    return f"{service}.{name}.*"


def _titled(fact: type[Fact]) -> type[Fact]:
    """Give the same model under its wire type: two services may call different facts by one class name."""
    return type(fact.__name__, (fact,), {"__doc__": fact.__doc__, "model_config": ConfigDict(title=fact.wire_type)})


def _listener(fact: type[Fact]) -> Callable[[Any], None]:
    """Make a function whose annotation tells FastStream the schema; it is described, never called."""

    def listen(data: Any) -> None:
        raise NotImplementedError

    listen.__annotations__["data"] = _titled(fact)
    return listen
