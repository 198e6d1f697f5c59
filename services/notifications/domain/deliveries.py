"""State machine of a mail delivery: its states, its retries and the actions allowed on it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from shared.errors import Conflict, IllegalMove


class Status(StrEnum):
    """Where a delivery stands."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNCERTAIN = "uncertain"


class Result(StrEnum):
    """How one attempt ended."""

    SENT = "sent"
    DEFERRED = "deferred"
    UNREACHABLE = "unreachable"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    UNCERTAIN = "uncertain"
    RETURNED = "returned"
    """Taken by our mail server, and sent back by another one."""


TRIED_FOR = timedelta(days=2)
"""How long a mail is tried again by itself."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=4)
MOST_UNANSWERED = 8
"""A mail whose content was offered so often without an answer is not repeated any more: a person looks."""
LEASE = timedelta(minutes=5)
"""How long a sender may take over one attempt; after it, another one settles what became of it."""

NO_ADDRESS = "Aucune adresse n’est connue pour ce destinataire."


FOLLOWER = "follower:"
"""How the holder of a mail begins that goes to a colleague of the applicant; their invitation's id follows."""


AGENT = "agent:"
"""How the holder of a mail begins that an agent chose to receive; their id follows."""


def follower_of(holder: str) -> UUID | None:
    """Return the invitation of the colleague of the applicant who holds a mail, if one does."""
    return UUID(holder.removeprefix(FOLLOWER)) if holder.startswith(FOLLOWER) else None


def id_of(event_id: UUID, audience: str, holder: str) -> UUID:
    """Return the id of the mail that an event makes for somebody; made again from the journals, it is the same."""
    return uuid5(event_id, f"{audience} {holder}")


class AlreadyMailed(Conflict):
    """The address now known has had this mail already (HTTP 409)."""

    code = "already_mailed"
    title = "This address already has a delivery of this event"
    sentence = "Cette adresse a déjà reçu ce message : il n’est pas envoyé une seconde fois."


@dataclass(slots=True)
class Delivery:
    """One mail about one event to one recipient. `round` counts what people asked to send again."""

    id: UUID
    status: Status
    attempts: int
    round: int
    next_attempt_at: datetime | None
    tried_since: datetime
    recipient: str

    def allowed_actions(self, *, may_resend: bool, at: datetime) -> list[str]:
        """Return what this caller may ask: sending again, unless it is being sent or about to be for the first time."""
        under_way = self.status is Status.SENDING or (
            self.status is Status.QUEUED
            and self.attempts == 0
            and self.next_attempt_at is not None
            and self.next_attempt_at <= at
        )
        return ["resend"] if may_resend and not under_way else []

    def resend(self, *, recipient: str, at: datetime) -> None:
        """Put it back in the queue, for as long as a new mail; refuse while it is under way (`IllegalMove`)."""
        if "resend" not in self.allowed_actions(may_resend=True, at=at):
            raise IllegalMove(state=self.status, allowed_actions=[])
        if self.status is Status.SENT:
            self.round += 1
        self.status = Status.QUEUED
        self.recipient = recipient
        self.next_attempt_at = at
        self.tried_since = at


def pause_before_next(attempts: int, chance: float) -> timedelta:
    """Return the pause after so many attempts: it doubles up to a bound; `chance` (0 to 1) spreads it by a quarter."""
    pause = min(LONGEST_PAUSE, FIRST_PAUSE * float(2 ** min(attempts - 1, 20)))
    return pause * (0.75 + chance / 2)


def next_attempt(
    *, attempts: int, unanswered: int, tried_since: datetime, at: datetime, chance: float
) -> datetime | None:
    """Return the moment of the next attempt; None when two days are over, or too many contents had no answer."""
    if unanswered >= MOST_UNANSWERED:
        return None
    due = at + pause_before_next(attempts, chance)
    return due if due <= tried_since + TRIED_FOR else None


EVERY_DOMAIN = "*"


def pause_of_domain(domain: str, per_minute: Mapping[str, int]) -> timedelta | None:
    """Return the pause between two mails to a domain, by its own limit or that of `*`; None: it has no limit."""
    most = per_minute.get(domain, per_minute.get(EVERY_DOMAIN, 0))
    return timedelta(minutes=1) / most if most else None


_ADDRESS = re.compile(r"[^\s<>@]+@[^\s<>@]+")
LONGEST_ANSWER = 500


def without_addresses(answer: str) -> str:
    """Shorten the server's answer to one line, without the addresses that it may quote.

    It is cut first: the search for addresses takes the square of a long text's length.
    """
    return " ".join(_ADDRESS.sub("…", answer[: 4 * LONGEST_ANSWER]).split())[:LONGEST_ANSWER]


_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_NO_MAIL = frozenset({"5.1.0", "5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1", "5.4.4"})
"""RFC 3463: no such mailbox or domain, moved without a trace, closed."""
_NO_MAIL_PLAINLY = ("550 ", "551 ", "553 ")


def takes_no_mail(answer: str) -> bool:
    """Return whether a server's words mean that the address itself takes no mail, whoever writes and whatever."""
    code = _ENHANCED.search(answer)
    return code[0] in _NO_MAIL if code else answer.startswith(_NO_MAIL_PLAINLY)
