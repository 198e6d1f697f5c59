"""Benchmark: the duration of the test suite."""
