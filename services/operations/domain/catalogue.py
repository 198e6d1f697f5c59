"""Base of the catalogues: an enumeration whose members are codes, each with its row."""

from enum import StrEnum
from typing import Any, Self


class Coded(StrEnum):
    """A code with its row; the row has a member `code`."""

    def __new__(cls, row: Any) -> Self:
        """Make the code the value, and attach the row."""
        member = str.__new__(cls, row.code)
        member._value_ = row.code
        member.row = row
        return member

    row: Any
