"""Pages and API of intake."""
