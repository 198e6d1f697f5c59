"""French texts for people: numbers, amounts, dates, lists, and the words for wire values. Pure functions, no I/O."""
