"""Bugs in what keeps credentials small, old keys working, values out of the log, and the demonstration apart."""

from typing import Any

from tests.faults.teeth.bug import bug
from tests.faults.teeth.changes import around, passing, reworded

RIGHTS = "services.operations.domain.rights:statements"


def _only_disabled_tls(original: Any, setting: str, url: Any) -> Any:
    return original(setting, url) if url and "sslmode=disable" in url.get_secret_value() else ()


BUGS = (
    bug(
        "traces_can_be_rewritten",
        "The role of a service may change and empty the journal and the other traces.",
        "credentials",
        RIGHTS,
        passing(rights=lambda rights: {"*": rights["*"]} if "*" in rights else rights),
    ),
    bug(
        "wider_rights_stay",
        "Rights that were given once are never taken back.",
        "credentials",
        RIGHTS,
        reworded("REVOKE ALL ON ALL TABLES", "REVOKE REFERENCES ON ALL TABLES"),
    ),
    bug(
        "rotated_key_ends_links",
        "A link that was sent before its key had a successor opens nothing.",
        "credentials",
        "shared.keys:keys",
        around(lambda original, *given: original(*given)[:1]),
        within="shared.links:Links.read",
    ),
    bug(
        "exceptions_are_quoted",
        "The log repeats the message of an exception, with the values that a database refused.",
        "credentials",
        "shared.incidents:anatomy",
        around(lambda original, error: {**original(error), "errors": [repr(error)]}),
        within="shared.log:strip_exception",
    ),
    bug(
        "clear_text_database_in_production",
        "A service starts in production although its database may be reached without a verified certificate.",
        "credentials",
        "shared.production:of_database",
        around(_only_disabled_tls),
    ),
    bug(
        "demonstration_among_real_agents",
        "Personas are enrolled in a database in which people work.",
        "credentials",
        "deploy.local.databases:_real_agents",
        reworded("removed_at IS NULL", "removed_at IS NOT NULL"),
    ),
)
