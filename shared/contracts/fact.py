"""Base class of published events: one class serves domain, journal and wire."""

from datetime import timedelta
from typing import Annotated, ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from shared.contracts.vocabulary import Role

Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True,
        max_length=254,
        pattern=r"^[^@\s<>\"(),:;\\\[\]]{1,64}@[^@\s<>\"(),:;\\\[\]]+\.[^@\s<>\".]+$",
    ),
]
"""An address that mail can be sent to. Reserved domains such as `.test` pass: the mail server has the last word."""


A_MOMENT = timedelta(microseconds=1)
"""The smallest difference in PostgreSQL and ISO 8601: a fact is dated so much later than what it follows or answers."""


ALSO: Final = "also"
"""The member of an event's data that holds the same fact in its older version; no fact has a field of this name."""


class Value(BaseModel):
    """A part of a fact. Unknown members are ignored, so that a publisher may add some within a version."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Actor(Value):
    """Who did it: an agent with their name, or just a quality (`provider`, `applicant`, `system`)."""

    role: Role
    name: str | None = None
    email: Email | None = None


class Fact(Value):
    """Something that happened to one request (or pact, or programme in a département), published to all consumers.

    `wire_type` is written by hand: renaming a class never changes what travels.
    `at` is when it happened; `departement` is the code of the département that has it in charge.
    """

    wire_type: ClassVar[str]

    request_id: UUID
    departement: str
    at: AwareDatetime

    def older(self) -> "Fact | None":
        """Return the same fact in the version before, for consumers that do not know this one yet (ADR 27).

        It travels in the same event, in the reserved member `also` of the data, and may have an older form itself.
        """
        return None

    @property
    def source(self) -> str:
        """The publishing instance, which with `subject` names the stream."""
        return "/" + self.wire_type.split(".", 1)[0]

    @property
    def subject(self) -> str:
        """The request (or pact) that the stream is about."""
        return str(self.request_id)

    @property
    def routing_key(self) -> str:
        """`<service>.<fact>.<departement>`, which queues are bound by."""
        service, fact, _version = self.wire_type.split(".")
        return f"{service}.{fact}.{self.departement}"
