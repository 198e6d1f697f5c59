"""Benchmark: one hop, from a commit in one service to its effect in the next; ours, peers, and the minimum."""
