"""Benchmark: whole requests over HTTP, from filing to evaluation, and filing alone."""
