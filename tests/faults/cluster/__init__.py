"""Faults of a broker of three nodes: killed, frozen and cut off from each other, alone and two at once."""
