"""The inbox: applies consumed events exactly once, in the order of their stream, in one transaction."""
