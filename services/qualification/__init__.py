"""Qualification: the département's service, from the arrival of a request to the validated outcome."""
