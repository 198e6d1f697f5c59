"""Benchmark: the cost of operations in large databases."""
