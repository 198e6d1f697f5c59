"""Domain of intake: rules and states of a request on the applicant's side; without clock or I/O."""
