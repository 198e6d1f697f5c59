"""Value types of the directory: operators of the State, framework contracts, lots and unit prices."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field as Bounded

from services.escalation.domain.inputs import Line, PositiveCents, Text
from shared.commands import Command
from shared.contracts.fact import Email
from shared.contracts.vocabulary import Field


class Operator(Command):
    """An administration or State operator, and what it can be asked for."""

    name: Line
    kind: Literal["central_administration", "state_operator"]
    offer: Text
    fields: tuple[Field, ...] = ()
    contact: Line | None = None
    email: Email | None = None
    phone: Line | None = None
    active: bool = True


class Contract(Command):
    """A framework contract, as it was awarded."""

    reference: Line
    subject: Text
    starts_on: date
    ends_on: date


class NewLot(Command):
    """A lot of a contract, with its holder and its ceiling in euro cents."""

    number: Annotated[int, Bounded(ge=1, le=999)]
    title: Line
    holder: Line
    ceiling_cents: PositiveCents
    email: Email | None = None


class Price(Command):
    """What a unit costs, in euro cents."""

    label: Line
    unit: Line
    price_cents: PositiveCents
