"""Response types of the API that are not read models: the result on several cases, and a filing mandate."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.qualification.reads.case import ChangedCaseView, changed
from services.qualification.usecases.several_cases import Together
from services.qualification.web.context import AgentContext
from shared.db import Reader


@dataclass(frozen=True, slots=True)
class UnchangedCaseView:
    """A case that could not change, and why."""

    request_id: UUID
    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class TogetherView:
    """What became of several cases at once."""

    done: list[ChangedCaseView]
    refused: list[UnchangedCaseView]


@dataclass(frozen=True, slots=True)
class MandateView:
    """An agent's right to file one request for a collectivité, until a moment; a browser posts it to `url`."""

    mandate: str
    url: str
    until: datetime


async def together_view(context: AgentContext, reader: Reader, together: Together) -> TogetherView:
    """Return what became of several cases."""
    return TogetherView(
        done=await changed(reader, together.done, context.agent.perimeter),
        refused=[UnchangedCaseView(one, refusal.code, refusal.detail) for one, refusal in together.refused],
    )
