"""What may happen to a dossier before the national team, and what may not: pure, without clock or database."""
