"""The AsyncAPI document of a service: what it publishes and what its queue receives, as it stands on the wire.

The payload of each message is the whole CloudEvents envelope. Exchange, queue and routing keys are those of the broker;
what AMQP carries beside the body stands in `headers` and, where AsyncAPI has no word for it, in `x-amqp-properties`.
"""

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel, ConfigDict
from pydantic.json_schema import models_json_schema

from shared import tracing
from shared.contracts import FACTS
from shared.contracts.fact import Fact
from shared.messaging import control_messages
from shared.messaging.accounts import SERVICES
from shared.messaging.control_messages import ControlMessage
from shared.messaging.envelope import CONTENT_TYPE, DIGEST, FURTHEST
from shared.messaging.names import EXCHANGE, RESEND_EXCHANGE, exchange_of, matches_any
from shared.messaging.topology import ASKED_BY_ANYBODY, Subscription

VERSION: Final = "3.0.0"

CONTROL: Final[dict[str, type[ControlMessage]]] = {
    control_messages.EVENTS_MISSING: control_messages.EventsMissing,
    control_messages.STREAM_HEADS: control_messages.StreamHeads,
    control_messages.HEADS_WANTED: control_messages.HeadsWanted,
    control_messages.ALONE_HEADS: control_messages.StreamHeads,
    control_messages.STREAM_FORKED: control_messages.StreamForked,
    control_messages.STREAM_CHECKED: control_messages.StreamChecked,
}
"""What services ask and tell each other to recover lost events: no event, and may be lost."""

_BINDING: Final = {"bindingVersion": "0.3.0"}
_SENT: Final = _BINDING | {"deliveryMode": 2, "mandatory": True}
_CHAIN_HASH: Final = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_TRACE: Final = {
    "type": "string",
    "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$",
    "description": "W3C Trace Context, where traces are collected",
}
_NAME: Final = {"type": "string", "minLength": 1, "maxLength": 300}

_MEMBERS: Final[dict[str, dict[str, Any]]] = {
    "specversion": {"type": "string", "const": "1.0"},
    "id": _NAME | {"description": "Unique within `source`"},
    "source": _NAME | {"description": "Who published it; with `subject` it names a stream"},
    "type": {"type": "string", "maxLength": 100, "pattern": "^[a-z_]+\\.[a-z_]+\\.v[0-9]+$"},
    "time": {"type": "string", "format": "date-time"},
    "datacontenttype": {"type": "string", "const": "application/json"},
    "departement": {"type": "string", "maxLength": 100, "description": "The code of the département in charge"},
    "correlationid": {"type": "string", "maxLength": 300, "description": "The same for all that one action led to"},
    "causationid": {"type": "string", "description": "The event that led to this one"},
    "traceparent": _TRACE,
}
_PLACE: Final[dict[str, dict[str, Any]]] = {
    "subject": _NAME | {"description": "The request, pact or programme that the stream is about"},
    "sequence": {"type": "integer", "minimum": 1, "maximum": FURTHEST, "description": "The place in the stream"},
    "previoushash": _CHAIN_HASH
    | {"description": "sha256(previoushash || body) of the event before it, the hash as bytes; absent in the first"},
}
_COMMON: Final = ["specversion", "id", "source", "type", "time", "datacontenttype", "departement", "data"]

ENVELOPES: Final[dict[str, dict[str, Any]]] = {
    "Event": {
        "description": "One event of a stream: CloudEvents 1.0 in structured JSON",
        "type": "object",
        "properties": _MEMBERS | _PLACE,
        "required": [*_COMMON, "subject", "sequence", "correlationid"],
    },
    "ControlMessage": {
        "description": "What services ask and tell each other to recover lost events; no event, and in no stream",
        "type": "object",
        "properties": _MEMBERS,
        "required": _COMMON,
    },
    "Answer": {
        "description": "What the form that filed a request is answered, and nobody else",
        "type": "object",
        "properties": _MEMBERS,
        "required": _COMMON,
    },
    "Filing": {
        "description": "What another program files: CloudEvents 1.0 in structured JSON, without a place in a stream",
        "type": "object",
        "properties": {name: _MEMBERS[name] for name in ("specversion", "id", "source", "type", "time")}
        | {"datacontenttype": _MEMBERS["datacontenttype"]},
        "required": ["specversion", "id", "source", "type", "data"],
    },
}
"""The forms of the envelope; `data` is described with each message."""

_PROPERTIES: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "content_type": {"type": "string", "const": CONTENT_TYPE},
        "delivery_mode": {"type": "integer", "const": 2},
        "message_id": _NAME | {"description": "The event's `id`"},
        "correlation_id": _NAME | {"description": "The event's `id`"},
        "type": {"type": "string", "description": "The event's `type`"},
        "user_id": {
            "type": "string",
            "description": "The account that publishes, checked by RabbitMQ; `source` must belong to it",
        },
    },
    "required": ["content_type", "delivery_mode", "message_id", "correlation_id", "type", "user_id"],
}
_HEADERS: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {DIGEST: _CHAIN_HASH | {"description": "sha256 of the body"}, tracing.HEADER: _TRACE},
}
TRAITS: Final[dict[str, Any]] = {
    "published": {
        "contentType": CONTENT_TYPE,
        "headers": _HEADERS | {"required": [DIGEST]},
        "x-amqp-properties": _PROPERTIES,
    },
    "filed": {
        "contentType": CONTENT_TYPE,
        "headers": _HEADERS,
        "x-amqp-properties": _PROPERTIES | {"required": ["user_id"]},
    },
}
"""What AMQP carries beside the body of what services publish, and of what other programs file."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What programs of others may publish, and what each of them is answered on a routing key of its own."""

    wire_type: str
    data: type[BaseModel]
    answers: tuple[type[Fact], ...]


def document(
    *, service: str, publishes: Sequence[type[Fact]], subscription: Subscription, filing: Filing | None = None
) -> dict[str, Any]:
    """Describe one service in AsyncAPI 3."""
    keys = (*subscription.bindings, *ASKED_BY_ANYBODY, *subscription.alone_heads())
    facts = [fact for fact in FACTS if fact in publishes or _leads(fact.wire_type, subscription.bindings)]
    messages = {fact.wire_type: _message(fact.wire_type, "Event", inspect.getdoc(fact)) for fact in facts}
    messages |= {
        f"{name}.v1": _message(f"{name}.v1", "ControlMessage", inspect.getdoc(model), any_service=True)
        for name, model in CONTROL.items()
    }
    received = [fact.wire_type for fact in facts if _leads(fact.wire_type, subscription.bindings)]
    received += [f"{name}.v1" for name in CONTROL if any(_leads(f"{one}.{name}.v1", keys) for one in SERVICES)]
    channels = {fact.wire_type: _topic(fact.wire_type, fact.wire_type) for fact in publishes}
    channels |= {f"{service}.{name}.v1": _topic(f"{service}.{name}.v1", f"{name}.v1") for name in CONTROL}
    operations = {f"send {name}": _operation("send", name, _SENT) for name in channels}
    channels["resend"] = _resend([fact.wire_type for fact in publishes])
    operations["resend"] = _operation("send", "resend", _SENT)
    models = [(_named(fact.wire_type, fact), "validation") for fact in facts]
    models += [(_named(f"{name}.v1", model), "validation") for name, model in CONTROL.items()]
    if filing is not None:
        received.append(filing.wire_type)
        messages[filing.wire_type] = _filing(filing)
        models.append((_named(filing.wire_type, filing.data), "validation"))
        for answer in filing.answers:
            name = answer.wire_type
            messages[name] = _message(name, "Answer", inspect.getdoc(answer))
            channels[name] = _topic(name, name, last="form")
            operations[f"send {name}"] = _operation("send", name, _SENT)
            models.append((_named(name, answer), "validation"))
    channels["queue"] = _queue(subscription.queue, keys, received)
    operations["receive"] = _operation("receive", "queue", _BINDING | {"ack": True})
    _, schemas = models_json_schema(models, ref_template="#/components/schemas/{model}")  # type: ignore[arg-type] # "validation" is a literal
    return {
        "asyncapi": VERSION,
        "info": {
            "title": f"Cousu-main: {service}",
            "version": "1",
            "description": (
                f"What {service} publishes, and what its queue `{subscription.queue}` receives. It publishes to "
                f"`{exchange_of(service)}`, which alone it may write to, and which hands its events on to `{EXCHANGE}`."
            ),
            "license": {"name": "EUPL-1.2"},
        },
        "defaultContentType": CONTENT_TYPE,
        "servers": {"broker": _server()},
        "channels": channels,
        "operations": operations,
        "components": {
            "messages": messages,
            "messageTraits": TRAITS,
            "schemas": ENVELOPES | _as_draft_7(schemas["$defs"]),
            "securitySchemes": {"account": {"type": "userPassword", "description": "An account of the broker"}},
        },
    }


def _server() -> dict[str, Any]:
    return {
        "host": "{host}:{port}",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "description": "RabbitMQ of the installation; over a network by TLS (amqps)",
        "variables": {"host": {"default": "127.0.0.1"}, "port": {"default": "5672"}},
        "security": [{"$ref": "#/components/securitySchemes/account"}],
    }


def _leads(wire_type: str, bindings: Iterable[str]) -> bool:
    """Tell whether an event of this type, of some département, comes to a queue with these bindings."""
    key = wire_type.rpartition(".")[0]
    codes = {binding.rpartition(".")[2] for binding in bindings} - {"#", "*"}
    return any(matches_any(f"{key}.{code}", bindings) for code in codes or {"95"})


def _topic(wire_type: str, message: str, *, last: str = "departement") -> dict[str, Any]:
    """Describe the routing keys of one type on the topic exchange."""
    meaning = {
        "departement": "The code of the département in charge, such as `95`",
        "form": "The name of the form whose account filed the request",
    }
    return {
        "address": f"{wire_type.rpartition('.')[0]}.{{{last}}}",
        "parameters": {last: {"description": meaning[last]}},
        "messages": {message: {"$ref": f"#/components/messages/{message}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": _exchange(EXCHANGE, "topic")} | _BINDING},
    }


def _resend(wire_types: Iterable[str]) -> dict[str, Any]:
    return {
        "address": "{queue}",
        "description": "Events that one listener missed, sent once more to its queue alone",
        "parameters": {"queue": {"description": "The queue that missed them"}},
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in wire_types},
        "bindings": {"amqp": {"is": "routingKey", "exchange": _exchange(RESEND_EXCHANGE, "topic")} | _BINDING},
    }


def _queue(name: str, keys: Iterable[str], messages: Iterable[str]) -> dict[str, Any]:
    """Describe the service's queue, and by which keys messages come to it."""
    queue = {"name": name, "durable": True, "exclusive": False, "autoDelete": False, "vhost": "/"}
    return {
        "address": name,
        "messages": {message: {"$ref": f"#/components/messages/{message}"} for message in messages},
        "bindings": {"amqp": {"is": "queue", "queue": queue} | _BINDING},
        "x-queue-bindings": [
            *({"exchange": EXCHANGE, "routingKey": key} for key in keys),
            {"exchange": RESEND_EXCHANGE, "routingKey": name},
        ],
    }


def _exchange(name: str, kind: str) -> dict[str, Any]:
    return {"name": name, "type": kind, "durable": True, "autoDelete": False, "vhost": "/"}


def _operation(action: str, channel: str, binding: dict[str, Any]) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}, "bindings": {"amqp": binding}}


def _message(wire_type: str, envelope: str, meaning: str | None, *, any_service: bool = False) -> dict[str, Any]:
    """Describe one message; `any_service`: each service publishes it as `<service>.<wire_type>`."""
    service = f"({'|'.join(SERVICES)})" if any_service else _publisher(wire_type)
    pattern = f"^{service}.{wire_type}$".replace(".", "\\.")
    members = {
        "type": {"pattern": pattern} if any_service else {"const": wire_type},
        "source": {"pattern": f"^/{service}(/.+)?$"},
        "data": _data(wire_type),
    }
    return {
        "name": wire_type,
        "title": wire_type,
        "description": meaning or "",
        "traits": [{"$ref": "#/components/messageTraits/published"}],
        "correlationId": {"location": f"$message.payload#/{'id' if any_service else 'correlationid'}"},
        "payload": {"allOf": [{"$ref": f"#/components/schemas/{envelope}"}, {"type": "object", "properties": members}]},
        "bindings": {"amqp": _BINDING if any_service else _BINDING | {"messageType": wire_type}},
    }


def _data(wire_type: str) -> dict[str, str]:
    return {"$ref": f"#/components/schemas/{_schema_name(wire_type)}"}


def _publisher(wire_type: str) -> str:
    """Give the service that publishes a type; intake answers forms."""
    service = wire_type.partition(".")[0]
    return "intake" if service == "forms" else service


def _filing(filing: Filing) -> dict[str, Any]:
    """Describe what programs of others publish."""
    members = {
        "type": {"const": filing.wire_type},
        "source": {"pattern": "^/forms/.+$"},
        "data": _data(filing.wire_type),
    }
    return {
        "name": filing.wire_type,
        "title": filing.wire_type,
        "description": (
            f"{inspect.getdoc(filing.data)} A program publishes it to `{EXCHANGE}` with the routing key "
            f"`{filing.wire_type.rpartition('.')[0]}.<departement>`, and is answered on its own queue by "
            f"{' or '.join(f'`{answer.wire_type}`' for answer in filing.answers)}."
        ),
        "traits": [{"$ref": "#/components/messageTraits/filed"}],
        "correlationId": {"location": "$message.payload#/id"},
        "payload": {"allOf": [{"$ref": "#/components/schemas/Filing"}, {"type": "object", "properties": members}]},
        "bindings": {"amqp": _BINDING},
    }


def _named(wire_type: str, model: type[BaseModel]) -> type[BaseModel]:
    """Give the same model under its wire type: two services may call different facts by one class name."""
    more = {"__doc__": model.__doc__, "model_config": ConfigDict(title=wire_type)}
    return type(_schema_name(wire_type), (model,), more)


def _schema_name(wire_type: str) -> str:
    """Name the schema of a type's data: pydantic takes dots for the path of a module."""
    return wire_type.replace(".", "_")


def _as_draft_7(schema: Any) -> Any:
    """Write tuples as JSON Schema draft 7 does, which AsyncAPI builds upon."""
    if isinstance(schema, list):
        return [_as_draft_7(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {("items" if name == "prefixItems" else name): _as_draft_7(value) for name, value in schema.items()}
