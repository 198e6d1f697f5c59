"""A département that comes back after a week, with all that was told meanwhile in its queue."""
