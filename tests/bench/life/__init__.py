"""Whole requests through HTTP, from the form to the evaluation, and the form alone."""
