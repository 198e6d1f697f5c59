"""Environment variables of the qualification service."""

import re
import tomllib
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from services.qualification.domain.rules import DepartementEntry, Rules
from shared.contracts.vocabulary import Stage
from shared.keys import SecretKeys
from shared.settings import ServiceSettings, WebAddress, prefixed

DIRECTORY = Path(__file__).with_name("departements.toml")
ALL = "*"


class Served(BaseSettings):
    """Which départements are served: all that other programs must know of this service."""

    model_config = prefixed("QUALIFICATION")

    departements: str = Field(ALL, description='Départements served here: "*" for all, or codes such as "95,78"')

    @field_validator("departements")
    @classmethod
    def _codes(cls, value: str) -> str:
        codes = [code.strip().upper() for code in value.split(",") if code.strip()]
        if codes == [ALL]:
            return ALL
        if not codes or not all(re.fullmatch(r"\d{2,3}|2[AB]", code) for code in codes):
            raise ValueError('give "*", or codes of départements separated by commas, such as "95,78"')
        return ",".join(dict.fromkeys(codes))

    @property
    def codes(self) -> tuple[str, ...] | None:
        """The départements served here; None for all."""
        return None if self.departements == ALL else tuple(self.departements.split(","))


class Settings(Served, ServiceSettings):
    """What the service needs to know; the durations are defaults of ours, not law: each deployer chooses their own."""

    model_config = prefixed("QUALIFICATION")

    directory: Path = Field(DIRECTORY, description="TOML file with the coordinates of each département's service")
    intake_url: WebAddress = Field(description="Where people reach intake, which serves the joined documents")
    notifications_url: WebAddress | None = Field(None, description="Where agents find their bell; none without it")
    orientation_key: SecretKeys = Field(
        description="Signs links of providers and of pacts' parties; as for notifications"
    )
    document_key: SecretKeys = Field(description="Seals links to documents; the same as INTAKE_DOCUMENT_KEY")
    mandate_key: SecretKeys = Field(description="Seals agents' mandates to file; the same as INTAKE_MANDATE_KEY")

    start_examination_days: int = Field(5, ge=1, description="Working days to begin the examination")
    qualify_days: int = Field(15, ge=1, description="Working days from the examination's start to a validated outcome")
    provider_answer_days: int = Field(10, ge=1, description="Working days that a local provider has to answer")
    orientation_link_days: int = Field(
        30,
        ge=1,
        description="Days that a local provider's link stays open once they answered or were sent another",
    )
    local_start_days: int = Field(
        15, ge=1, description="Working days to the first contact once a local answer is given or accepted"
    )
    local_work_days: int = Field(
        183, ge=1, description="Days that the work of a local answer lasts when nobody says until when"
    )
    evaluation_days: int = Field(
        30, ge=1, description="Days that the applicant has to say what came of local work that is done"
    )
    applicant_answer_days: int = Field(
        15, ge=1, description="Working days that the applicant has to complete, when the agent gives no date"
    )
    envelope_cents: int = Field(
        50_000_000, ge=0, description="Yearly envelope of a département of which the directory says nothing; euro cents"
    )
    reminder_days: int = Field(
        2, ge=0, description="Working days before the last one on which whoever is awaited is reminded"
    )
    signature_reminder_days: int = Field(
        10, ge=1, description="Working days after which a pact's party that has yet to sign is reminded, each time"
    )
    signature_reminders: int = Field(3, ge=0, description="How often a pact's party is reminded to sign a version")
    jobs_seconds: float = Field(30.0, gt=0, description="Seconds between two looks at late stages and silent providers")

    @property
    def rules(self) -> Rules:
        """The rules that these settings and the directory that they name make."""
        return Rules(
            departements=self.codes,
            directory=_read_directory(self.directory),
            days={
                Stage.START_EXAMINATION: self.start_examination_days,
                Stage.QUALIFY: self.qualify_days,
                Stage.PROVIDER_ANSWER: self.provider_answer_days,
            },
            orientation_link_days=self.orientation_link_days,
            local_start_days=self.local_start_days,
            local_work_days=self.local_work_days,
            evaluation_days=self.evaluation_days,
            applicant_answer_days=self.applicant_answer_days,
            envelope_cents=self.envelope_cents,
            reminder_days=self.reminder_days,
            signature_reminder_days=self.signature_reminder_days,
            signature_reminders=self.signature_reminders,
            allowance=self.allowance,
        )


def _read_directory(path: Path) -> dict[str, DepartementEntry]:
    """Read the directory of the départements' services."""
    with path.open("rb") as file:
        return {code: DepartementEntry.model_validate(entry) for code, entry in tomllib.load(file).items()}
