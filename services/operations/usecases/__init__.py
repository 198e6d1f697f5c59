"""Use cases of operators: each action and its record are one transaction."""
