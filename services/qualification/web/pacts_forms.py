"""What people type about pacts: lists one thing a line, rows that may stay empty, and all of it shown again."""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import BeforeValidator, StringConstraints
from pydantic import Field as Bounds

from services.qualification.domain.pact import Diagnosis, Indicator
from services.qualification.domain.pact_plan import Status
from services.qualification.usecases.pacts import Named, Planned
from services.qualification.web.forms import PageForm
from services.qualification.web.pacts_bodies import (
    LARGEST_AMOUNT,
    MOST_PARTIES,
    IndicatorBody,
    Line,
    PartyBody,
    Short,
    Text,
)
from shared.commands import Amount
from shared.contracts.fact import Email
from shared.web.forms import Form


def _lines(typed: object) -> object:
    """Read a list that was typed one thing a line."""
    if isinstance(typed, list) and all(isinstance(text, str) for text in typed):
        typed = "\n".join(typed)
    return [line.strip() for line in typed.splitlines() if line.strip()] if isinstance(typed, str) else typed


Lines = Annotated[list[Line], BeforeValidator(_lines), Bounds(max_length=50)]


class PactForm(PageForm):
    """A pact to open."""

    title: Short
    departement: Annotated[str, StringConstraints(max_length=3)] | None = None
    request_id: UUID | None = None
    parties: list[PartyBody] = Bounds(default_factory=list, max_length=MOST_PARTIES)

    def named(self) -> list[Named]:
        """Give the parties as the use case takes them."""
        return [party.named() for party in self.parties]


class DiagnosisForm(PageForm):
    """The shared diagnosis."""

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


class PartySpeaksForm(PageForm):
    """Which party agreed or signed, and when."""

    party: Short
    on: date | None = None


class InvitationForm(PageForm):
    """Which party is sent its link, and where to."""

    invited: Short
    email: Email | None = None


class SpokenForm(PageForm):
    """Who speaks for a party by its link; `confirmed`: that he may bind it."""

    name: Short
    confirmed: Literal["on", "1", "true"]


class ActionForm(PageForm):
    """An action of the plan."""

    title: Short
    owner: Short
    partners: Lines = Bounds(default_factory=list)
    budget_cents: Annotated[Amount, Bounds(ge=0, le=LARGEST_AMOUNT)] | None = Bounds(default=None, alias="budget")
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


class ProgressForm(PageForm):
    """How far an action is."""

    action_id: UUID
    percent: int | None = Bounds(default=None, ge=0, le=100)
    status: Status | None = None
    comment: Text | None = None


class ProgressByLinkForm(ProgressForm):
    """How far an action is, by whoever has a party's link."""

    name: Short


class ReviewForm(PageForm):
    """What a yearly review concluded."""

    held_on: date | None = None
    summary: Text


PARTY_ROW: Final = ("name", "kind", "code", "email")
INDICATOR_ROW: Final = ("name", "value", "source")
TYPED_BY_LINE: Final = ("strengths", "weaknesses", "partners")


def again(form: Form[Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Give what was typed and what is wrong with it, as the page's fields show them.

    Lists typed one thing a line are one text again, and an error about one of their lines is told at the field; rows
    are numbered without those left empty, as they were when they were read.
    """
    values = {
        name: "\n".join(value) if name in TYPED_BY_LINE and isinstance(value, list) else value
        for name, value in form.values.items()
    }
    errors: dict[str, str] = {}
    for name, message in form.errors.items():
        field, _, place = name.partition(".")
        if field in TYPED_BY_LINE and place.isdecimal():
            errors.setdefault(field, f"Ligne {int(place) + 1}\u00a0: {message[0].lower()}{message[1:]}")
        else:
            errors[name] = message
    for rows in ("parties", "indicators"):
        values = _closed_up(values, rows)
    return values, errors


def rows_of(values: Mapping[str, Any], name: str, *, spare: int, least: int) -> int:
    """Tell how many rows to show: those that are filled in, and some to spare."""
    filled = {key.split(".")[1] for key in values if key.startswith(f"{name}.")}
    return max(len(filled) + spare, least)


def typed_rows(name: str, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Give known rows as the fields of a form."""
    return {
        f"{name}.{place}.{member}": value
        for place, row in enumerate(rows)
        for member, value in row.items()
        if value is not None
    }


def _closed_up(values: Mapping[str, Any], name: str) -> dict[str, Any]:
    rows: dict[int, dict[str, Any]] = {}
    kept: dict[str, Any] = {}
    for key, value in values.items():
        head, _, rest = key.partition(".")
        place, _, member = rest.partition(".")
        if head != name or not place.isdecimal():
            kept[key] = value
        elif value:
            rows.setdefault(int(place), {})[member] = value
    return kept | typed_rows(name, [rows[place] for place in sorted(rows)])
