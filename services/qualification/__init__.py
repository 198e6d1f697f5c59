"""Qualification: what a département does with a request, from its arrival to the validated outcome."""
