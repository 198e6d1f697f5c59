"""Intake: the applicant's side. Files requests, keeps their documents, shows where they stand, takes the evaluation."""
