"""What may happen to a request on the applicant's side, and what may not. Pure: no clock, no I/O."""
