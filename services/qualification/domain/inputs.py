"""Types of the commands' fields: texts, names, codes and figures with their bounds."""

from typing import Annotated, Final

from pydantic import Field as Bounds
from pydantic import StringConstraints

LARGEST_AMOUNT: Final = 100_000_000_000_00

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Mark = Annotated[int, Bounds(ge=1, le=5)]
