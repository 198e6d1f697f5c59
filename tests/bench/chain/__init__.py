"""Benchmark: three hops in sequence, from the first commit to the last effect."""
