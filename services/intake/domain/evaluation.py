"""The applicant's evaluation of the result of a request."""

from pydantic import BaseModel

from services.intake.domain.inputs import Figure, ShortText


class Evaluation(BaseModel):
    """What the applicant says of what came of it; figures from 1 (not at all) to 5 (entirely)."""

    need_met: Figure
    progress: Figure
    satisfaction: Figure
    impact: ShortText | None = None
    comment: ShortText | None = None
