"""Environment variables of the escalation service."""

from pydantic import Field

from services.escalation.domain.durations import Durations
from shared.keys import SecretKeys
from shared.settings import ServiceSettings, WebAddress, prefixed


class Settings(ServiceSettings):
    """What the escalation service needs to know; variables start with `ESCALATION_`."""

    model_config = prefixed("ESCALATION")

    intake_url: WebAddress = Field(
        "http://127.0.0.1:8101", description="Where people reach intake, which serves the documents"
    )
    notifications_url: WebAddress | None = Field(None, description="Where agents find their bell; none without it")
    document_key: SecretKeys = Field(description="Seals links to documents; the same as INTAKE_DOCUMENT_KEY")
    admissibility_days: int = Field(
        15,
        ge=1,
        le=365,
        description="Working days to settle whether a dossier is admissible (a default, no rule of law)",
    )
    committee_days: int = Field(
        30,
        ge=1,
        le=365,
        description="Working days from admissibility or deferral to the committee's decision (a default)",
    )
    evaluation_days: int = Field(30, ge=1, le=365, description="Calendar days that the applicant has to evaluate")
    early_notes_days: int = Field(
        30, ge=1, le=365, description="Calendar days that messages and documents wait for a dossier they overtook"
    )
    reminder_days: int = Field(
        2, ge=0, le=30, description="Working days before a stage's or a milestone's last one on which it is reminded of"
    )
    plausible_grant_euros: int = Field(
        1_000_000, ge=1, description="A grant of more euros than this needs a reason (a default, no rule of law)"
    )
    overdue_every_seconds: float = Field(60, gt=0, description="How often near and passed dates are looked for")

    @property
    def durations(self) -> Durations:
        """Return the durations to the use cases."""
        return Durations(
            self.admissibility_days,
            self.committee_days,
            self.evaluation_days,
            self.early_notes_days,
            self.reminder_days,
        )
