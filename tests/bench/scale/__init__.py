"""Benchmark: several copies of a consumer, and a broker of several nodes."""
