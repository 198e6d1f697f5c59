"""Evaluate the sender authentication of an incoming mail: `Authentication-Results` (RFC 8601)."""

from collections.abc import Sequence
from itertools import islice
from typing import Final

MOST_FIELDS: Final = 50
"""Header fields of that name that are looked at; ours stands at the top."""
LONGEST_FIELD: Final = 4_000
"""Characters of a field that are read."""


def is_authenticated(fields: Sequence[str], *, server: str, sender: str) -> bool:
    """Return whether a server vouches for the domain of a sender, by DMARC, or by a DKIM or SPF result of that domain.

    `fields` are the `Authentication-Results` of a mail from its top. Only the first that bears the server's name
    counts: what stands below, or bears another name, may have been written by the sender.
    """
    domain = sender.rpartition("@")[2].casefold().rstrip(".")
    if not domain:
        return False
    for field in islice(fields, MOST_FIELDS):
        name, *results = _parts(field[:LONGEST_FIELD])
        if name and name[0].casefold() == server.casefold():
            return any(_vouches(words, domain) for words in results)
    return False


def _vouches(words: list[str], domain: str) -> bool:
    """Return whether one result passed, for this domain."""
    method, _, result = words[0].casefold().partition("=") if words else ("", "", "")
    if result != "pass":
        return False
    properties = dict(word.casefold().split("=", 1) for word in words[1:] if "=" in word)
    match method.partition("/")[0]:
        case "dmarc":
            return _same(properties.get("header.from", domain), domain)
        case "dkim":
            signer = properties.get("header.d") or properties.get("header.i", "")
            return _same(signer, domain)
        case "spf":
            return _same(properties.get("smtp.mailfrom", ""), domain)
        case _:
            return False


def _same(found: str, domain: str) -> bool:
    """Return whether an address or a domain belongs to this domain, or one is below the other."""
    other = found.rpartition("@")[2].rstrip(".")
    if "." not in other or "." not in domain:
        return other == domain != ""
    return other == domain or other.endswith(f".{domain}") or domain.endswith(f".{other}")


def _parts(field: str) -> list[list[str]]:
    """Cut a field at its semicolons into words, without comments; one pass over it.

    What is quoted holds neither words nor results: it may be the sender's.
    """
    outside: list[str] = []
    depth, quoted, escaped = 0, False, False
    for character in field:
        if escaped:
            escaped = False
        elif character == "\\":
            escaped = True
        elif quoted or (character == '"' and not depth):
            quoted = character != '"' if quoted else True
        elif character in "()":
            depth = max(0, depth + (1 if character == "(" else -1))
            outside.append(" ")
        elif not depth:
            outside.append(character)
    return [part.split() for part in "".join(outside).split(";")]
