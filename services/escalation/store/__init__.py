"""The SQL that changes or locks: one function, one statement."""
