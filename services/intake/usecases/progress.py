"""Report the progress of an accompaniment, as the applicant."""

from uuid import UUID

from services.intake.domain.accompaniment import milestone_among
from services.intake.domain.inputs import Percent, Text
from services.intake.domain.request import TrackedRequest
from services.intake.store import messages, milestones
from services.intake.usecases.context import Context, changes_request
from shared import texts
from shared.clock import new_id
from shared.commands import Command
from shared.contracts.fact import Fact


class ReportProgress(Command):
    """How the work goes, of one milestone or of all of it; `percent` done, if it can be said."""

    text: Text
    percent: Percent | None = None
    milestone_id: UUID | None = None


@changes_request
async def report_progress(do: Context, tracked: TrackedRequest, command: ReportProgress) -> Fact:
    """Report how the work goes, while the request is accompanied."""
    milestone = milestone_among(await milestones.of_request(do.tx, tracked.id), command.milestone_id)
    fact = tracked.report_progress(
        command.text, report_id=new_id(), milestone=milestone, percent=command.percent, at=do.at
    )
    await texts.find_room(do.tx, do.allowance, messages.WRITTEN, tracked.id, text=command.text, at=do.at)
    return fact
