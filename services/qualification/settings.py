"""Every environment variable of this service, and what they make together: the rules that a deployer may choose."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic_settings import BaseSettings

from shared.allowance import Allowance
from shared.calendar import add_working_days, time_zone, working_days_between
from shared.contracts.qualification import Service
from shared.contracts.vocabulary import Stage
from shared.keys import SecretKeys
from shared.settings import ServiceSettings, WebAddress, prefixed

DIRECTORY = Path(__file__).with_name("departements.toml")
ALL = "*"

APPEAL = (
    "Vous pouvez, dans les deux mois qui suivent la notification de cette décision, demander au préfet de "
    "la réexaminer (recours gracieux) ou saisir le tribunal administratif (recours contentieux)."
)
"""The ways of appeal told with a refusal, where the directory gives no words of its own."""


class Served(BaseSettings):
    """Which départements are served: all that whoever looks from outside must know."""

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
    """What the service needs to know; the durations are defaults of ours, not law: each deployer chooses his own."""

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
    applicant_answer_days: int = Field(
        15, ge=1, description="Working days that the applicant has to complete, when the agent gives no date"
    )
    envelope_cents: int = Field(
        50_000_000, ge=0, description="Yearly envelope of a département of which the directory says nothing; euro cents"
    )
    reminder_days: int = Field(
        2, ge=0, description="Working days before the last one on which whoever is awaited is reminded"
    )
    jobs_seconds: float = Field(30.0, gt=0, description="Seconds between two looks at late stages and silent providers")


class DepartementEntry(BaseModel):
    """What the directory says of one département."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    appeal: str = APPEAL
    envelope_cents: int | None = Field(default=None, ge=0)


def read_directory(path: Path) -> dict[str, DepartementEntry]:
    """Read the directory of the départements' services."""
    with path.open("rb") as file:
        return {code: DepartementEntry.model_validate(entry) for code, entry in tomllib.load(file).items()}


PARIS = "75"
"""By whose calendar a reminder is early enough: a courtesy, not a delay of law."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a deployer chose: which départements, who their services are, how long each stage may last."""

    departements: tuple[str, ...] | None = None
    directory: Mapping[str, DepartementEntry] = field(default_factory=dict)
    days: Mapping[Stage, int] = field(
        default_factory=lambda: {Stage.START_EXAMINATION: 5, Stage.QUALIFY: 15, Stage.PROVIDER_ANSWER: 10}
    )
    orientation_link_days: int = 30
    applicant_answer_days: int = 15
    envelope_cents: int = 50_000_000
    reminder_days: int = 2
    allowance: Allowance = field(default_factory=Allowance)

    @classmethod
    def of(cls, settings: Settings) -> "Rules":
        """Take them from the settings and the directory that they name."""
        return cls(
            departements=settings.codes,
            directory=read_directory(settings.directory),
            days={
                Stage.START_EXAMINATION: settings.start_examination_days,
                Stage.QUALIFY: settings.qualify_days,
                Stage.PROVIDER_ANSWER: settings.provider_answer_days,
            },
            orientation_link_days=settings.orientation_link_days,
            applicant_answer_days=settings.applicant_answer_days,
            envelope_cents=settings.envelope_cents,
            reminder_days=settings.reminder_days,
            allowance=settings.allowance,
        )

    def serves(self, departement: str) -> bool:
        """Tell whether this instance has that département in charge."""
        return self.departements is None or departement in self.departements

    def service(self, departement: str) -> Service:
        """Give the service in charge, as applicants are told."""
        entry = self._entry(departement)
        return Service(name=entry.name, address=entry.address, email=entry.email, phone=entry.phone)

    def asks(self, departement: str) -> str:
        """Name the service in charge and how it is reached, for whoever has a link that opens nothing any more."""
        entry = self._entry(departement)
        return ", ".join(part for part in (entry.name, entry.email, entry.phone) if part)

    def appeal(self, departement: str) -> str:
        """Give the ways of appeal told with a refusal."""
        return self._entry(departement).appeal

    def envelope(self, departement: str) -> int:
        """Give the yearly envelope of a département, in euro cents."""
        found = self._entry(departement).envelope_cents
        return self.envelope_cents if found is None else found

    def due(self, stage: Stage, departement: str, at: datetime) -> date:
        """Give the last day of a stage that begins now: so many working days of that département from today."""
        return add_working_days(today(departement, at), self.days[stage], departement)

    def soon(self, at: datetime) -> date:
        """Give the last day that is soon enough to remind of, by the calendar of Paris."""
        return add_working_days(today(PARIS, at), self.reminder_days, PARIS)

    def answer_until(self, departement: str, at: datetime) -> date:
        """Give the day by which the applicant answers when the agent named none."""
        return add_working_days(today(departement, at), self.applicant_answer_days, departement)

    def prolonged(self, due_on: date, suspended_on: date, departement: str, at: datetime) -> date:
        """Give the new last day of a stage that was suspended: the working days waited are added."""
        waited = working_days_between(suspended_on, today(departement, at), departement)
        return add_working_days(due_on, waited, departement)

    def _entry(self, departement: str) -> DepartementEntry:
        return self.directory.get(departement) or DepartementEntry(
            name=f"Service de l’accompagnement des territoires – DDT {departement}"
        )


def today(departement: str, at: datetime) -> date:
    """Tell which day it is in that département."""
    return at.astimezone(time_zone(departement)).date()
