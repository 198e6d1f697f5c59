"""Bugs in what keeps strangers from flooding the service and its mails."""

from typing import Any

from shared.contracts.intake import TrackingLinkReplaced
from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, instead, lacking, passing, returning
from tests.faults.teeth.patch import Make

INTAKE = "services.intake"
TIMEOUTS = "shared.web.timeouts"


def _counted_by_mail_address_alone(purpose: str) -> Make:
    def count(original: Any, self: Any, named: str, subject: str, *given: Any, **others: Any) -> None:
        original(self, named, subject.rsplit(maxsplit=1)[-1] if named == purpose else subject, *given, **others)

    return around(count)


def _old_link_ended(original: Any, self: Any, fact: Any) -> Any:
    told = original(self, fact)
    if isinstance(fact, TrackingLinkReplaced):
        self.old_link_generation = None
    return told


async def _counted_without_a_pause(original: Any, *given: Any) -> None:
    await original(*given)


def _timed_anew(original: Any, self: Any, data: bytes) -> None:
    self._reading_headers = False
    original(self, data)


BUGS = (
    bug(
        "limit_never_reached",
        "Uses are counted and never refused.",
        "floods",
        "shared.limits:RateLimits.take",
        lacking("WHERE held.ends_at <= now() OR held.used + EXCLUDED.used <= EXCLUDED.most"),
    ),
    bug(
        "limit_by_exact_ipv6_address",
        "Whoever has an IPv6 network has as many limits as it has addresses.",
        "floods",
        "shared.limits:_NETWORK_OF_ONE_CALLER",
        instead(128),
    ),
    bug(
        "filings_counted_by_mail_address_alone",
        "A stranger who files in a mairie's name uses up what the mairie may file.",
        "floods",
        "shared.limits:Use.__init__",
        _counted_by_mail_address_alone("filing:email"),
    ),
    bug(
        "new_links_counted_by_mail_address_alone",
        "Invented numbers with a mairie's address use up the new links that the mairie may ask for.",
        "floods",
        "shared.limits:Use.__init__",
        _counted_by_mail_address_alone("link:request"),
    ),
    bug(
        "new_links_to_one_address_without_bound",
        "Links to requests that were filed in somebody's name are mailed to them, however many there are.",
        "floods",
        "shared.limits:RateLimits.quota",
        around(lambda original, self, *uses: original(self)),
        within=f"{INTAKE}.usecases.limits:Limits.link_mail",
    ),
    bug(
        "links_of_confirmed_requests_share_the_count",
        "Whoever files in a mairie's name uses up the links to what the mairie confirmed.",
        "floods",
        f"{INTAKE}.usecases.limits:Limits.link_mail",
        passing(confirmed=instead(None)),
    ),
    bug(
        "idempotency_keys_of_everybody",
        "A stranger who takes a key first takes it from everybody else.",
        "floods",
        f"{INTAKE}.usecases.filing:_key_digest",
        passing(filed_from=lambda form: form or "everybody"),
    ),
    bug(
        "any_link_confirms_the_contact",
        "The link in the answer to a filing proves the contact's address, so that invitations leave for a stranger.",
        "floods",
        f"{INTAKE}.store.colleagues:holder_by_own_link",
        passing(by_mail=instead(True)),
        within=f"{INTAKE}.tokens:Tokens.opens",
    ),
    bug(
        "new_link_ends_the_old_at_once",
        "Whoever knows a number and an address ends the link and the token that work.",
        "floods",
        f"{INTAKE}.domain.request:TrackedRequest.apply",
        around(_old_link_ended),
    ),
    bug(
        "mails_to_one_recipient_without_bound",
        "Acknowledgements to one address leave, however many there are.",
        "floods",
        "services.notifications.usecases.send:_pause_of_recipient",
        around(_counted_without_a_pause),
    ),
    bug(
        "headers_that_trickle_gain_time",
        "Each byte of a header begins its timeout anew.",
        "floods",
        f"{TIMEOUTS}:GuardedProtocol.data_received",
        around(_timed_anew),
    ),
    bug(
        "bodies_may_take_for_ever",
        "A body that does not come holds its connection for good.",
        "floods",
        f"{TIMEOUTS}:Timeouts.of_body",
        returning(86_400.0),
    ),
)
