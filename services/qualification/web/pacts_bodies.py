"""What programs and forms send about pacts: one model per action; helpful sentences for what is wrong."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain.pact import Diagnosis, Indicator
from services.qualification.domain.pact_parties import PartyKind
from services.qualification.domain.pact_plan import Status
from services.qualification.usecases.pacts import Named, Planned
from shared.commands import Command
from shared.contracts.fact import Email

LARGEST_AMOUNT = 100_000_000_000_00
MOST_PARTIES = 60


def _listed(value: object) -> object:
    """Take one text for a list of one."""
    return [value] if isinstance(value, str) else value


def _named(value: object) -> object:
    """Take a text for a party of that name."""
    return {"name": value} if isinstance(value, str) else value


def _written(value: object) -> object:
    """Take a figure for the text that it is shown as."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Lines = Annotated[list[Line], BeforeValidator(_listed), Bounds(max_length=50)]


class PartyBody(Command):
    """A party; its official name is found by its kind and code when no name is given."""

    name: Short | None = None
    kind: PartyKind | None = None
    code: Code | None = None
    email: Email | None = None

    def named(self) -> Named:
        """Give the party as the use case takes it."""
        return Named(name=self.name, kind=self.kind, code=self.code, email=self.email)


class PactBody(Command):
    """A pact to open; without `departement`, the agent's only one. The State is a party even when not named."""

    title: Short
    departement: Annotated[str, StringConstraints(strip_whitespace=True, max_length=3)] | None = None
    parties: list[Annotated[PartyBody, BeforeValidator(_named)]] = Bounds(max_length=MOST_PARTIES)
    request_id: UUID | None = None


class IndicatorBody(Command):
    """A figure of the diagnosis, as people write it."""

    name: Short
    value: Annotated[Short, BeforeValidator(_written)]
    source: Short | None = None


class DiagnosisBody(Command):
    """What the parties find together about their territory."""

    strengths: Lines = Bounds(default_factory=list)
    weaknesses: Lines = Bounds(default_factory=list)
    indicators: list[IndicatorBody] = Bounds(default_factory=list, max_length=50)

    def diagnosis(self) -> Diagnosis:
        """Give the diagnosis as the use case takes it."""
        return Diagnosis(
            strengths=tuple(self.strengths),
            weaknesses=tuple(self.weaknesses),
            indicators=tuple(Indicator(**each.model_dump()) for each in self.indicators),
        )


class PartySpeaksBody(Command):
    """A party, by id or by name, and the day on which it agreed or signed: today unless told."""

    party: Short
    on: date | None = None


class InvitationBody(Command):
    """A party, by id or by name, and where its link goes: to the address that is known unless told."""

    party: Short
    email: Email | None = None


class SpokenBody(Command):
    """Who speaks for a party by its link: a name, and in which quality."""

    name: Short


class ProgressByLinkBody(Command):
    """How far an action is, by whoever has a party's link."""

    name: Short
    action_id: UUID
    percent: int | None = Bounds(default=None, ge=0, le=100)
    status: Status | None = None
    comment: Text | None = None


class ActionBody(Command):
    """An action of the plan."""

    title: Short
    owner: Short
    partners: Lines = Bounds(default_factory=list)
    budget_cents: int | None = Bounds(default=None, ge=0, le=LARGEST_AMOUNT)
    due_on: date
    indicator: Line | None = None

    def planned(self) -> Planned:
        """Give the action as the use case takes it."""
        return Planned(
            title=self.title,
            owner=self.owner,
            due_on=self.due_on,
            partners=tuple(self.partners),
            budget_cents=self.budget_cents,
            indicator=self.indicator,
        )


class ProgressBody(Command):
    """How far an action is; of `percent` and `status`, one follows from the other when it is not given."""

    action_id: UUID
    percent: int | None = Bounds(default=None, ge=0, le=100)
    status: Status | None = None
    comment: Text | None = None


class ReviewBody(Command):
    """What a yearly review concluded; held today unless told."""

    held_on: date | None = None
    summary: Text
