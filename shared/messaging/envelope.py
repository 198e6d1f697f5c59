"""The envelope of an event on the wire: CloudEvents 1.0 in structured JSON, with the hash chain of its stream."""

import hashlib
import re
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic import Field as Bounds

from shared import tracing

CONTENT_TYPE = "application/cloudevents+json"

DIGEST = "cousu-sha256"
"""The header with the SHA-256 of the body, which shows damage in transit."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=300, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""A name without control characters; PostgreSQL cannot store NUL, which would stop the whole queue."""


FURTHEST = 2**63 - 1
"""The largest sequence number that PostgreSQL can store."""


_DATA = ', "data": '
_TRACE = re.compile(r', "traceparent": "([0-9a-f-]{55})"')
"""As `journal.record` writes them: the text before the data is ours, and may be searched."""


class Unreadable(Exception):
    """The bytes are no envelope of ours, or the data does not fit its type."""


class Envelope(BaseModel):
    """An event on the wire; with `sequence` it belongs to a stream (`source`, `subject`)."""

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
    """Bounded, because each event that this one leads to repeats it."""
    causationid: str | None = None
    traceparent: str | None = None
    data: Any = None
    """An object; of a foreign form anything, which its handler validates."""

    @classmethod
    def read(cls, body: bytes) -> "Envelope":
        """Parse the body of a message; raises `Unreadable` where it is no envelope."""
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
    """Return the traceparent of an event in the journal, without parsing its data."""
    found = _TRACE.search(body, 0, body.find(_DATA))
    return tracing.known(found[1]) if found else None


def chain_hash(previous: bytes, body: bytes) -> bytes:
    """Return the chain hash of an event; `previous` is empty for the first event of a stream."""
    return hashlib.sha256(previous + body).digest()


def digest_of(body: bytes) -> str:
    """Return the value of the header `DIGEST`."""
    return hashlib.sha256(body).hexdigest()


def is_damaged(body: bytes, digest: object) -> bool:
    """Return whether a body does not match its digest; a message without one, of a foreign form, is not damaged."""
    return digest is not None and digest != digest_of(body)


def _reasons(error: ValidationError) -> str:
    """Return what is wrong without any value, which may be personal data."""
    return "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'body'}: {item['msg']}"
        for item in error.errors(include_url=False, include_input=False, include_context=False)
    )


def read_data(model: type[BaseModel], data: Any) -> Any:
    """Parse the data of an event as its class; raises `Unreadable` where it does not fit."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise Unreadable(_reasons(error)) from error
