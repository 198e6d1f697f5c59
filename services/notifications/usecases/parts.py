"""Dependencies that all use cases share: the mail renderer, the directory, the links and the limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import Any

from services.notifications.domain.directory import Directory
from services.notifications.domain.return_addresses import ReturnAddresses
from services.notifications.domain.webhooks import Secrets
from services.notifications.rendering.links import MailLinks
from services.notifications.rendering.renderer import MailRenderer
from shared.allowance import Allowance
from shared.french import dates
from shared.limits import Rate, RateLimits


@dataclass(frozen=True, slots=True)
class Parts:
    """Who writes, to whom, with which links, and where answers come back to."""

    renderer: MailRenderer
    directory: Directory
    links: MailLinks
    returns: ReturnAddresses | None = None
    """Where answers and reports come back to; None where no mail reaches us."""
    per_minute: Mapping[str, int] = field(default_factory=dict)
    """How many mails a domain is sent in a minute; `*` stands for every domain without a number of its own."""
    secrets: Secrets | None = None
    """Makes the secrets of partners' subscriptions; None where there are none."""
    allowance: Allowance = field(default_factory=Allowance)
    """How many mails about a request one side may answer."""
    mails_per_recipient: Rate = field(default_factory=lambda: Rate(0))
    """How many of the mails that strangers can cause one recipient gets."""
    counts: RateLimits = field(default_factory=lambda: RateLimits(""), repr=False)
    """Counts them."""
    attaches_letters: bool = True
    """Whether mails carry the letters that they announce, as PDF files."""
    networks: tuple[Any, ...] = ()
    """Where partners' programs may be although it is not public: each an `IPNetwork`, a union that msgspec refuses."""

    def zone_of(self, departement: str | None) -> tzinfo:
        """Return by which clock the people of a département live."""
        return dates.zone_of(departement)
