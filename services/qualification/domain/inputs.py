"""Types of the commands' fields: texts, names, codes and figures with their bounds."""

import re
from typing import Annotated, Final

from pydantic import BeforeValidator, StringConstraints, ValidationInfo
from pydantic import Field as Bounds

from shared.commands import AS_IT_READS, LINES, TYPED

LARGEST_AMOUNT: Final = 100_000_000_000_00

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AS_IT_READS]
Short = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AS_IT_READS]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500), AS_IT_READS]
Comment = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=5_000), AS_IT_READS]
Lines = Annotated[list[Line], LINES, Bounds(max_length=50)]
Mark = Annotated[int, Bounds(ge=1, le=5)]
Phone = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[+0-9 .()\-]{6,30}$")]
Url = Annotated[str, StringConstraints(strip_whitespace=True, max_length=500, pattern=r"^https?://[^\s<>\"]+$")]


def _codes_if_typed(value: object, info: ValidationInfo) -> object:
    typed = [value] if isinstance(value, str) else value
    if info.context == TYPED and isinstance(typed, list):
        return [code for text in typed for code in re.split(r"[,;|\s]+", str(text)) if code]
    return value


CODES: Final = BeforeValidator(_codes_if_typed)
"""For a list of codes: people type them with commas, blanks or line ends between them."""
