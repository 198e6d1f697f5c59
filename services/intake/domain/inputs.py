"""Types of the commands' fields: texts and figures with their bounds."""

from typing import Annotated

from pydantic import Field, StringConstraints

from shared.commands import AS_IT_READS

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=10_000), AS_IT_READS]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000), AS_IT_READS]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200), AS_IT_READS]
Figure = Annotated[int, Field(ge=1, le=5)]
"""From 1 (not at all) to 5 (entirely)."""
Percent = Annotated[int, Field(ge=0, le=100)]
