"""Types of the commands' fields: texts, amounts and figures with their bounds."""

from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, Field, StringConstraints, ValidationInfo

from shared.commands import AS_IT_READS, TYPED, Amount, plain_number


def _decimal_if_typed(value: object, info: ValidationInfo) -> object:
    """Read a number as people type it: `2,5`; not `1e6`, which pydantic would read."""
    if info.context != TYPED or not isinstance(value, str):
        return value
    return plain_number(value) or "?"


Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AS_IT_READS]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AS_IT_READS]
Cents = Annotated[Amount, Field(ge=0, le=1_000_000_000_00, strict=True)]
"""Euro cents, up to a thousand million euros."""
PositiveCents = Annotated[Amount, Field(ge=1, le=1_000_000_000_00, strict=True)]
"""Euro cents, more than nothing."""
Quantity = Annotated[Decimal, BeforeValidator(_decimal_if_typed), Field(gt=0, le=100_000, decimal_places=2)]
"""So many units of an order, to the hundredth."""
Percent = Annotated[int, Field(ge=0, le=100)]
Year = Annotated[int, Field(ge=2020, le=2100)]
Voices = Annotated[int, Field(ge=0, le=100)]
"""Votes of members."""
