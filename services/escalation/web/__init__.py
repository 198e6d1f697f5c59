"""Pages and API of the national team."""
