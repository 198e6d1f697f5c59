"""Store: the SQL that changes or locks rows, one statement per function."""
