"""What may strike, by what it strikes at; `table.py` lists all of it."""
