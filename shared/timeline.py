"""Event data stored with timeline entries, from which each page makes its own texts.

The request that a fact carries is left out: each service stores it once, beside the timeline.
"""

from typing import Any

from shared.contracts import BY_TYPE
from shared.contracts.fact import Fact
from shared.contracts.intake import Request


def stored(fact: Fact) -> dict[str, Any]:
    """Return the members of a fact to store with its entry, without the request or dossier that it carries."""
    return fact.model_dump(mode="json", exclude={"request", "dossier"})


def restored(wire_type: str, members: dict[str, Any], *, request: Request) -> Fact:
    """Return the fact of an entry; its dossier contains the request only."""
    return BY_TYPE[wire_type].model_validate({**members, "request": request, "dossier": {"request": request}})
