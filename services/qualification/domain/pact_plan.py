"""The action plan of a pact: progress and status of its actions, and when the pact is reviewed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, NamedTuple
from uuid import UUID

from services.qualification.domain.pact_parties import plain
from shared.errors import Invalid
from shared.french.numbers import euros

Status = Literal["planned", "under_way", "done", "given_up"]
OVER: Final = frozenset({"done", "given_up"})
"""An action on which nothing is expected any more."""

WHOLE: Final = 100


class InCharge(NamedTuple):
    """Who owns an action, takes part in it or pays: a party; or, without its id, only a name as it was written."""

    party_id: UUID | None
    name: str

    def is_of(self, party_id: UUID, name: str) -> bool:
        """Return whether this is the party of this id and name."""
        return self.party_id == party_id or (self.party_id is None and plain(self.name) == plain(name))


class Share(NamedTuple):
    """What one payer pays of an action's budget, in euro cents; a payer need not be a party."""

    payer: InCharge
    amount_cents: int


@dataclass(slots=True)
class PlannedAction:
    """One action of the plan; `budget_cents` in euro cents, `percent` from 0 to 100."""

    id: UUID
    title: str
    owner: InCharge
    due_on: date
    partners: tuple[InCharge, ...] = ()
    budget_cents: int | None = None
    shares: tuple[Share, ...] = ()
    indicator: str | None = None
    status: Status = "planned"
    percent: int = 0
    changed_at: datetime | None = None

    @property
    def in_charge(self) -> tuple[InCharge, ...]:
        """Who acts: the owner, then the partners."""
        return (self.owner, *self.partners)

    @property
    def is_owned(self) -> bool:
        """Return whether the owner and the partners are parties, and not only names."""
        return all(each.party_id for each in self.in_charge)

    def concerns(self, party_id: UUID) -> bool:
        """Return whether this party owns, takes part or pays."""
        return any(each.party_id == party_id for each in (*self.in_charge, *(share.payer for share in self.shares)))


def check_money(action: PlannedAction) -> None:
    """Refuse shares that are more than the budget, or without one."""
    shared = sum(share.amount_cents for share in action.shares)
    if action.shares and action.budget_cents is None:
        raise Invalid.field("budget_cents", "Donnez le budget de l’action, puis qui en paie quelle part.")
    if shared > (action.budget_cents or 0):
        raise Invalid.field(
            "shares",
            f"Les parts font {euros(shared)}, plus que le budget ({euros(action.budget_cents)})\u00a0: "
            "corrigez l’un ou l’autre.",
        )


def progress(action: PlannedAction, percent: int | None, status: Status | None) -> tuple[int, Status]:
    """Return the figure and the status together; refuses figures that contradict the status."""
    if percent is None and status is None:
        raise Invalid.field("percent", "Donnez un avancement en pour cent, ou un statut.")
    if status is None:
        status = "planned" if not percent else "done" if percent == WHOLE else "under_way"
    if percent is None:
        percent = {"planned": 0, "done": WHOLE}.get(status, action.percent)
    if status == "done" and percent != WHOLE:
        raise Invalid.field("percent", "Une action réalisée l’est à 100\u00a0%.")
    if status == "planned" and percent:
        raise Invalid.field(
            "status", "Une action qui a commencé n’est plus seulement prévue\u00a0: dites «\u00a0en cours\u00a0»."
        )
    return percent, status


def review_due(signed_on: date | None, reviewed_on: date | None, *, over: bool) -> date | None:
    """Return the last day for the next yearly review; none before the signatures, nor once all actions are over."""
    if signed_on is None or over:
        return None
    last = max(signed_on, reviewed_on or signed_on)
    try:
        return last.replace(year=last.year + 1)
    except ValueError:
        return date(last.year + 1, 2, 28)


def mean_percent(percents: Iterable[int]) -> int | None:
    """Return how far a plan is: the mean of its actions, halves rounded up; None without any."""
    known = list(percents)
    return (2 * sum(known) + len(known)) // (2 * len(known)) if known else None


def is_late(action_due: date, status: str, today: date) -> bool:
    """Return whether an action has passed its day and something is still expected of it."""
    return action_due < today and status not in OVER
