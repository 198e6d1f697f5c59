"""What is open when an accompaniment ends: orders, payments, milestones, and a start to come."""

from collections.abc import Iterable, Iterator
from datetime import date

from services.escalation.domain.accompaniment import Milestone
from services.escalation.domain.dossier import Escalation
from services.escalation.domain.means import Mobilisation, MobilisationState
from shared.contracts.escalation import OpenPoint
from shared.contracts.vocabulary import OpenKind
from shared.french.dates import date_fr
from shared.french.numbers import euros

_SETTLED = frozenset({MobilisationState.DECLINED, MobilisationState.DELIVERED})
_WORDS = {
    MobilisationState.PROPOSED: "proposée",
    MobilisationState.ACCEPTED: "acceptée",
    MobilisationState.UNDER_WAY: "en cours",
}


def open_points(
    escalation: Escalation, mobilisations: Iterable[Mobilisation], milestones: Iterable[Milestone], *, today: date
) -> list[OpenPoint]:
    """Return what is open: each point can be settled, cancelled, or carried beyond the end with a reason."""
    return [*_of_means(mobilisations), *_of_work(escalation, milestones, today)]


def _of_means(mobilisations: Iterable[Mobilisation]) -> Iterator[OpenPoint]:
    for one in mobilisations:
        name = f"{one.purchase_order}, {one.resource}" if one.purchase_order else one.resource
        if one.is_order and one.state not in _SETTLED:
            label = f"commande {name}, {_WORDS[one.state]}\u00a0: {euros(one.amount_cents)}"
            yield OpenPoint(kind=OpenKind.ORDER, id=one.id, label=label)
        if one.delivered_cents > one.paid_cents:
            label = f"{euros(one.delivered_cents - one.paid_cents)} livrés et pas encore payés, {name}"
            yield OpenPoint(kind=OpenKind.PAYMENT, id=one.id, label=label)


def _of_work(escalation: Escalation, milestones: Iterable[Milestone], today: date) -> Iterator[OpenPoint]:
    for milestone in milestones:
        if milestone.is_open:
            label = f"jalon «\u00a0{milestone.title}\u00a0», prévu le {date_fr(milestone.due_on)}"
            yield OpenPoint(kind=OpenKind.MILESTONE, id=milestone.id, label=label)
    if escalation.starts_on is not None and escalation.starts_on > today:
        label = f"début de l’accompagnement, prévu le {date_fr(escalation.starts_on)}"
        yield OpenPoint(kind=OpenKind.START, id=escalation.request_id, label=label)
