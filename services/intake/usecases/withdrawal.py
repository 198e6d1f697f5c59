"""Ask to withdraw a request, as the applicant."""

from services.intake.domain.inputs import Text
from services.intake.domain.request import TrackedRequest
from services.intake.usecases.context import Context, changes_request
from shared.commands import Command
from shared.contracts.fact import Fact


class Withdraw(Command):
    """Why the applicant gives the request up."""

    motive: Text


@changes_request
async def withdraw(do: Context, tracked: TrackedRequest, command: Withdraw) -> Fact:
    """Withdraw the request, before a decision."""
    return tracked.withdraw(command.motive, at=do.at)
