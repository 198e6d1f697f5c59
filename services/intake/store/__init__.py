"""What changes or locks: rows of PostgreSQL, and the files beside them."""
