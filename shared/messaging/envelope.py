"""The form in which a fact travels: a CloudEvents 1.0 envelope in structured JSON."""

import hashlib
import re
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic import Field as Bounds

from shared import tracing

CONTENT_TYPE = "application/cloudevents+json"

DIGEST = "cousu-sha256"
"""The header that carries the hash of the body, so that a bit that turned over on the way is seen."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""Text that names something; control characters, of which PostgreSQL cannot hold one, would stop the whole queue."""


FURTHEST = 2**63 - 1
"""The last place of a stream that PostgreSQL can count to."""


_DATA = ', "data": '
_TRACE = re.compile(r', "traceparent": "([0-9a-f-]{55})"')
"""As `journal.record` writes them: what stands before the data is ours, and may be searched as text."""


class Unreadable(Exception):
    """The bytes are no envelope of ours, or the data is not what its type promises."""


class Envelope(BaseModel):
    """One event on the wire: with `sequence` it is one of a stream (`source`, `subject`), without it stands alone."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"]
    id: Name
    source: Name
    type: Annotated[str, StringConstraints(max_length=100, pattern=r"^[a-z_]+\.[a-z_]+\.v[0-9]+$")]
    subject: Name | None = None
    time: AwareDatetime | None = None
    sequence: int | None = Bounds(default=None, ge=1, le=FURTHEST)
    previoushash: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None
    """The chain hash of the event before this one in its stream; events recorded before November 2026 have none."""
    departement: Annotated[str, StringConstraints(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    correlationid: Annotated[str, StringConstraints(max_length=300)] | None = None
    """Bounded: each event that this one leads to repeats it."""
    causationid: str | None = None
    traceparent: str | None = None
    data: Any = None
    """An object, but for what strangers publish outside any stream: whoever hears that says what is wrong with it."""

    @classmethod
    def read(cls, body: bytes) -> "Envelope":
        """Read the bytes of a message; refuse with `Unreadable` what is no envelope."""
        try:
            envelope = cls.model_validate_json(body)
        except ValidationError as error:
            raise Unreadable(_reasons(error)) from error
        if envelope.sequence is not None:
            if envelope.subject is None:
                raise Unreadable("a sequence without a subject")
            if not isinstance(envelope.data, dict):
                raise Unreadable("data: no object")
            if envelope.sequence == 1 and envelope.previoushash is not None:
                raise Unreadable("previoushash: the first event of a stream has no predecessor")
        return envelope


def trace_of(body: str) -> str | None:
    """Give the traceparent of an event as the journal has it, without reading what it tells."""
    found = _TRACE.search(body, 0, body.find(_DATA))
    return tracing.known(found[1]) if found else None


def chain_hash(previous: bytes, body: bytes) -> bytes:
    """Give the hash of an event as the journal has it; `previous` is empty for the first event of a stream."""
    return hashlib.sha256(previous + body).digest()


def digest_of(body: bytes) -> str:
    """Give what the header `DIGEST` carries."""
    return hashlib.sha256(body).hexdigest()


def is_damaged(body: bytes, digest: object) -> bool:
    """Tell whether the body is not the one that was hashed; strangers need not hash."""
    return digest is not None and digest != digest_of(body)


def _reasons(error: ValidationError) -> str:
    """Say what is wrong without repeating any value, which may be personal."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )


def read_data(model: type[BaseModel], data: Any) -> Any:
    """Read an event's data as its class; refuse with `Unreadable` what does not fit."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Unreadable(_reasons(error)) from error
