"""Intake: the applicant's service. It files requests, stores documents, shows the status and takes evaluations."""
