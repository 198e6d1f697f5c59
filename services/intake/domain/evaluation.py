"""The applicant's evaluation of the result of a request."""

from collections.abc import Iterable
from datetime import date

from pydantic import BaseModel

from services.intake.domain.inputs import Figure, ShortText
from shared.errors import IllegalMove
from shared.french.dates import date_fr


class EvaluationTooEarly(IllegalMove):
    """The help has not ended: what the applicant thinks until then is a message."""

    code = "evaluation_too_early"
    title = "The help has not ended yet"
    sentence = (
        "Votre avis vous sera demandé à la fin de l’accompagnement{when}. D’ici là, écrivez ce que vous en pensez par "
        "un message\u00a0: le service départemental le lira."
    )

    def __init__(self, *, state: str, allowed_actions: Iterable[str], until: date | None) -> None:
        when = f", prévue le {date_fr(until)}" if until else ""
        super().__init__(state=state, allowed_actions=allowed_actions, when=when)


class Evaluation(BaseModel):
    """What the applicant says of what came of it; figures from 1 (not at all) to 5 (entirely)."""

    need_met: Figure
    progress: Figure
    satisfaction: Figure
    impact: ShortText | None = None
    comment: ShortText | None = None
