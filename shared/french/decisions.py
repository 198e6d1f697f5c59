"""Say in French what a corrected decision of the committee changes."""

from collections.abc import Iterable, Iterator
from datetime import date

from shared.contracts.escalation import Decision, Terms
from shared.contracts.vocabulary import SupportType
from shared.french.dates import date_fr
from shared.french.numbers import euros
from shared.french.words import word

UNCHANGED = "La décision, son montant et sa réserve restent les mêmes."


def changes_fr(now: Decision | Terms, was: Terms) -> list[str]:
    """Return a line for each point that changes, with what it was before; `UNCHANGED` where none does.

    A line holds nothing that people typed: a reserve is named, not quoted.
    """
    return [*_changes(now, was)] or [UNCHANGED]


def _changes(now: Decision | Terms, was: Terms) -> Iterator[str]:
    pairs = (
        ("Décision", word(now.outcome).lower(), word(was.outcome).lower()),
        ("Types d’appui", _supports(now.support_types), _supports(was.support_types)),
        ("Montant", _amount(now.amount_cents), _amount(was.amount_cents)),
    )
    for label, after, before in pairs:
        if after != before:
            yield f"{label}\u00a0: {after} (auparavant\u00a0: {before})"
    if now.reserve != was.reserve:
        what = "ajoutée" if not was.reserve else "reformulée" if now.reserve else "retirée"
        yield f"Réserve\u00a0: {what}"
    if now.reserve and was.reserve and now.reserve_until != was.reserve_until:
        before = _day(was.reserve_until)
        yield f"Réserve à lever avant le\u00a0: {_day(now.reserve_until)} (auparavant\u00a0: {before})"


def _supports(types: Iterable[SupportType]) -> str:
    return ", ".join(sorted(word(one).lower() for one in types)) or "aucun"


def _amount(cents: int) -> str:
    return euros(cents) if cents else "aucun"


def _day(day: date | None) -> str:
    return date_fr(day) if day else "sans date"
