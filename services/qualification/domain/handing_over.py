"""Hand over a dossier to another team; its messages are split into several events of bounded size."""

from collections.abc import Iterable, Iterator
from typing import Final, TypeVar
from uuid import UUID

from services.qualification.domain.case import Case
from services.qualification.domain.proposal import Proposal
from shared.contracts import qualification as facts
from shared.contracts.vocabulary import Outcome

LARGEST_PART: Final = 64 * 1024
"""Bytes of the items of a part; one item alone may be a little larger."""

LATEST_STEPS: Final = 200
"""Steps that a dossier carries itself."""

WITH_DOSSIER: Final = frozenset({Outcome.PROGRAMME, Outcome.ESCALATION, Outcome.TRANSFER})
"""Outcomes that hand a dossier over to another team, which reads what people wrote."""

Item = TypeVar("Item", facts.DossierMessage, facts.DossierStep)


def hand_over(
    case: Case, proposal: Proposal, dossier: facts.Dossier, *, exchange_id: UUID
) -> tuple[facts.Dossier, list[facts.ExchangesPart]]:
    """Divide a whole dossier: give the one that is published, and the parts it refers to, to be published before it."""
    if proposal.validated_at is None:
        raise ValueError("only a validated proposal hands over")
    older = dossier.history[:-LATEST_STEPS]
    given = [{"messages": part} for part in _parts(dossier.messages)] + [{"history": part} for part in _parts(older)]
    about = {
        "request_id": case.request_id,
        "departement": case.departement,
        "at": proposal.validated_at,
        "exchange_id": exchange_id,
        "outcome": proposal.outcome,
    }
    kind: type[facts.ExchangesPart] = facts.ExchangesShared
    if proposal.outcome is Outcome.TRANSFER:
        kind = facts.ExchangesTransferred
        about |= {"departement": proposal.departement, "from_departement": case.departement}
    parts = [kind.model_validate({**about, **part, "part": number}) for number, part in enumerate(given, start=1)]
    exchanges = facts.Exchanges(id=exchange_id, parts=len(parts), messages=len(dossier.messages), steps=len(older))
    light = without_exchanges(dossier).model_copy(update={"exchanges": exchanges if parts else None})
    return light, parts


def without_exchanges(dossier: facts.Dossier) -> facts.Dossier:
    """Leave out messages and older steps: no event grows with what people wrote."""
    return dossier.model_copy(update={"messages": (), "history": dossier.history[-LATEST_STEPS:]})


def _parts(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    """Put items together, in their order, as long as they fit in a part."""
    part: list[Item] = []
    size = 0
    for item in items:
        length = len(item.model_dump_json().encode())
        if part and size + length > LARGEST_PART:
            yield tuple(part)
            part, size = [], 0
        part.append(item)
        size += length
    if part:
        yield tuple(part)
