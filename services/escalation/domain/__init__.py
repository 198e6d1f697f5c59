"""Domain of the national team: rules and states of a dossier; pure functions and classes without I/O."""
