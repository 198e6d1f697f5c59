"""Store: the SQL that changes or locks rows, and turns them into domain objects."""
