"""What may happen to a request in a département and what may not; pure: state in, fact or refusal out."""
