"""How the command line shows a table: fitted to a terminal, whole lines for programs."""

import sys

from rich.console import Console
from rich.table import Table

_WIDE_ENOUGH = 400


def show(table: Table) -> None:
    """Print the table; nothing is cut off when the reader is a program."""
    for column in table.columns:
        column.overflow = "fold"
    Console(width=None if sys.stdout.isatty() else _WIDE_ENOUGH, highlight=False).print(table)
