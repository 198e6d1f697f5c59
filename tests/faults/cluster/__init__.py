"""Faults of a broker of three nodes: killed, frozen or partitioned, one or two at once."""
