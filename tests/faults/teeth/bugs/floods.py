"""Bugs in what keeps strangers from flooding the service and its mails."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "limit_never_reached",
        "Uses are counted and never refused.",
        "floods",
        "shared/limits/__init__.py",
        "            WHERE held.ends_at <= now() OR held.used + EXCLUDED.used <= EXCLUDED.most\n",
        "",
    ),
    bug(
        "limit_by_exact_ipv6_address",
        "Whoever has an IPv6 network has as many limits as it has addresses.",
        "floods",
        "shared/limits/__init__.py",
        "    return str(ip_network((int(ip), _NETWORK_OF_ONE_CALLER), strict=False))\n",
        "    return str(ip)\n",
    ),
    bug(
        "idempotency_keys_of_everybody",
        "A stranger who takes a key first takes it from everybody else.",
        "floods",
        "services/intake/usecases/file_request.py",
        '    return _digest(f"{filed.contact.email.casefold()}\\0{key}")\n',
        "    return _digest(key)\n",
    ),
    bug(
        "any_link_confirms_the_contact",
        "The link in the answer to a filing proves the contact's address, so that invitations leave for a stranger.",
        "floods",
        "services/intake/web/tokens.py",
        "(self.tracking, False)",
        "(self.tracking, True)",
    ),
    bug(
        "new_link_ends_the_old_at_once",
        "Whoever knows a number and an address ends the link and the token that work.",
        "floods",
        "services/intake/domain/request.py",
        "                    self.old_link_generation = self.link_generation\n",
        "                    self.old_link_generation = None\n",
    ),
    bug(
        "mails_to_one_recipient_without_bound",
        "Acknowledgements to one address leave, however many there are.",
        "floods",
        "services/notifications/usecases/send.py",
        "    if wait is not None:\n",
        "    if False:\n",
    ),
    bug(
        "headers_that_trickle_gain_time",
        "Each byte of a header begins its timeout anew.",
        "floods",
        "shared/web/timeouts.py",
        "        if self.conn.their_state is h11.IDLE and not self._reading_headers:\n",
        "        if self.conn.their_state is h11.IDLE:\n",
    ),
    bug(
        "bodies_may_take_for_ever",
        "A body that does not come holds its connection for good.",
        "floods",
        "shared/web/timeouts.py",
        "asyncio.timeout(max(0.0, allowed - waited))",
        "asyncio.timeout(None)",
    ),
)
