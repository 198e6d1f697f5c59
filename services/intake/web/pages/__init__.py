"""Pages of applicants and the public."""
