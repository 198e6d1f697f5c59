"""Benchmarks (`make bench`): the product beside peers that do the same job on the same machine."""
