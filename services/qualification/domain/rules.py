"""Rules that a deployer chooses: the départements served, the service in charge of each, how long stages may last."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from pydantic import BaseModel, ConfigDict, Field

from services.qualification.domain.appeals import ways_of_appeal
from shared.allowance import Allowance
from shared.calendar import PARIS, add_working_days, today, working_days_between
from shared.contracts.qualification import Service
from shared.contracts.vocabulary import Stage


class DepartementEntry(BaseModel):
    """What the directory says of one département; `appeal` replaces the default words on ways of appeal."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    address: str | None = None
    email: str | None = None
    phone: str | None = None
    appeal: str | None = None
    envelope_cents: int | None = Field(default=None, ge=0)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a deployer chose: which départements, who their services are, how long each stage may last."""

    departements: tuple[str, ...] | None = None
    directory: Mapping[str, DepartementEntry] = field(default_factory=dict)
    days: Mapping[Stage, int] = field(
        default_factory=lambda: {Stage.START_EXAMINATION: 5, Stage.QUALIFY: 15, Stage.PROVIDER_ANSWER: 10}
    )
    orientation_link_days: int = 30
    local_start_days: int = 15
    local_work_days: int = 183
    evaluation_days: int = 30
    applicant_answer_days: int = 15
    envelope_cents: int = 50_000_000
    reminder_days: int = 2
    signature_reminder_days: int = 10
    signature_reminders: int = 3
    allowance: Allowance = field(default_factory=Allowance)

    def serves(self, departement: str) -> bool:
        """Return whether this instance has that département in charge."""
        return self.departements is None or departement in self.departements

    def service(self, departement: str) -> Service:
        """Return the service in charge, as applicants read it."""
        entry = self._entry(departement)
        return Service(name=entry.name, address=entry.address, email=entry.email, phone=entry.phone)

    def asks(self, departement: str) -> str:
        """Name the service in charge and how it is reached, for somebody whose link is no longer valid."""
        entry = self._entry(departement)
        return ", ".join(part for part in (entry.name, entry.email, entry.phone) if part)

    def appeal(self, departement: str) -> str:
        """Return the ways and terms of appeal that a decision states."""
        return self._entry(departement).appeal or ways_of_appeal(departement)

    def envelope(self, departement: str) -> int:
        """Return the yearly envelope of a département, in euro cents."""
        found = self._entry(departement).envelope_cents
        return self.envelope_cents if found is None else found

    def due(self, stage: Stage, departement: str, at: datetime) -> date:
        """Return the last day of a stage that begins now: so many working days of that département from today."""
        return add_working_days(today(departement, at), self.days[stage], departement)

    def start_until(self, departement: str, at: datetime) -> date:
        """Return the last day of the first contact of a local answer that is given now."""
        return add_working_days(today(departement, at), self.local_start_days, departement)

    @property
    def usual_work(self) -> timedelta:
        """How long local work lasts when nobody says until when."""
        return timedelta(days=self.local_work_days)

    def evaluation_until(self, departement: str, at: datetime) -> date:
        """Return the day by which the applicant is asked what came of local work that ends now."""
        return today(departement, at) + timedelta(days=self.evaluation_days)

    def soon(self, at: datetime) -> date:
        """Return the last day that is soon enough to remind of, by the calendar of Paris."""
        return add_working_days(today(PARIS, at), self.reminder_days, PARIS)

    def asked_before(self, at: datetime) -> datetime:
        """Return the moment before which a party that has not signed was asked, to be reminded now."""
        return add_working_days(at, -self.signature_reminder_days, PARIS)

    def answer_until(self, departement: str, at: datetime) -> date:
        """Return the day by which the applicant answers when the agent named none."""
        return add_working_days(today(departement, at), self.applicant_answer_days, departement)

    def prolonged(self, due_on: date, suspended_on: date, departement: str, at: datetime) -> date:
        """Return the new last day of a stage that was suspended: the working days waited are added."""
        waited = working_days_between(suspended_on, today(departement, at), departement)
        return add_working_days(due_on, waited, departement)

    def _entry(self, departement: str) -> DepartementEntry:
        return self.directory.get(departement) or DepartementEntry(
            name=f"Service de l’accompagnement des territoires – DDT {departement}"
        )
