"""Bugs in what keeps credentials small, old keys working, values out of the log, and the demonstration apart."""

from tests.faults.teeth.bug import bug

BUGS = (
    bug(
        "traces_can_be_rewritten",
        "The role of a service may change and empty the journal and the other traces.",
        "credentials",
        "shared/operations/rights.py",
        "rights.get(table, rights.get(OTHERS))",
        "rights.get(OTHERS, rights.get(table))",
    ),
    bug(
        "wider_rights_stay",
        "Rights that were given once are never taken back.",
        "credentials",
        "shared/operations/rights.py",
        'f"REVOKE ALL ON ALL TABLES IN SCHEMA public FROM {role}",',
        'f"REVOKE REFERENCES ON ALL TABLES IN SCHEMA public FROM {role}",',
    ),
    bug(
        "rotated_key_ends_links",
        "A link that was sent before its key had a successor opens nothing.",
        "credentials",
        "shared/links.py",
        "for key in keys(self.key)\n",
        "for key in keys(self.key)[:1]\n",
    ),
    bug(
        "exceptions_are_quoted",
        "The log repeats the message of an exception, with the values that a database refused.",
        "credentials",
        "shared/log.py",
        '" < ".join(told["errors"])',
        "repr(exc)",
    ),
    bug(
        "clear_text_database_in_production",
        "A service starts in production although its database may be reached without a verified certificate.",
        "credentials",
        "shared/production.py",
        "ssl_mode(verified(told)) != VERIFIED",
        'ssl_mode(verified(told)) == "disable"',
    ),
    bug(
        "demonstration_among_real_agents",
        "Personas are enrolled in a database in which people work.",
        "credentials",
        "deploy/local/databases.py",
        "WHERE removed_at IS NULL AND email",
        "WHERE removed_at IS NOT NULL AND email",
    ),
)
