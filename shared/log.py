"""Structured logging: dotted facts with ids, never bodies or personal data."""

import json
import logging
import re
import sys
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, Literal

import structlog

from shared.incidents import anatomy

Format = Literal["json", "console"]

LIBRARIES: Final = "WARNING"
"""The lowest logged level of libraries: below it HTTP clients log whole addresses, and servers what people type."""

LEVELS_OF_LIBRARIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "uvicorn": "INFO",
        "uvicorn.access": "WARNING",
        "mail.log": "ERROR",  # aiosmtpd; its warnings repeat what the other side sent
        "opentelemetry.exporter": "ERROR",  # it tries again by itself, and says so each time
    }
)

_PASSWORD_IN_URL: Final = re.compile(r"://[^/\s@]{1,300}@")

_encode = json.JSONEncoder(ensure_ascii=False, default=repr).encode


def configure(*, service: str, form: Format = "json", level: str = "INFO") -> None:
    """Send every log line of this process, ours and the libraries', to standard error in one form.

    Our own do not go by way of `logging`: an event that takes effect is a line, and that way took a sixth of all that
    consuming an event takes. The libraries' are few.
    """

    def name_the_service(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event.setdefault("service", service)
        return event

    steps: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        name_the_service,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        strip_exception,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    if form == "json":
        last: list[structlog.typing.Processor] = [_as_json]
    else:
        last = [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())]
    structlog.configure(
        processors=[*steps, *last, _as_bytes],
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[_strip_library, *steps],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(LIBRARIES)
    for name, own in LEVELS_OF_LIBRARIES.items():
        logging.getLogger(name).setLevel(own)
    structlog.contextvars.clear_contextvars()


def strip_exception(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Replace an exception by where it comes from: its message may quote what somebody wrote, such as a key's value."""
    exc_info = event.pop("exc_info", None)
    if exc_info is True:
        exc_info = sys.exc_info()
    exc = exc_info[1] if isinstance(exc_info, tuple) else exc_info
    if isinstance(exc, BaseException):
        origin = anatomy(exc)
        event["exception"] = "\n".join([*origin["frames"], " < ".join(origin["errors"])])
    return event


def _strip_library(_: object, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """Return the first line of a library's message, without passwords: asyncio repeats exceptions in later lines."""
    first = str(event["event"]).strip().partition("\n")[0]
    event["event"] = _PASSWORD_IN_URL.sub("://***@", first)
    return event


def _as_json(_: object, __: str, event: structlog.typing.EventDict) -> str:
    return _encode(event)


def _as_bytes(_: object, __: str, line: Any) -> bytes:
    return str(line).encode(errors="backslashreplace")  # as standard error itself treats what UTF-8 cannot say
