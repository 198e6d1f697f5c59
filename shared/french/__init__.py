"""French formatting of numbers, amounts, dates and lists, and labels of wire values. Pure functions, no I/O."""
