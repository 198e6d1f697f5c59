"""Benchmark: an instance of qualification comes back after a week and consumes its backlog."""
