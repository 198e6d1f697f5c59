"""Domain of the département: what may happen to a request and what may not; pure functions and classes without I/O."""
