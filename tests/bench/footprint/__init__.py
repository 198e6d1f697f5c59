"""Benchmark: start-up time, memory and disk of the idle product."""
