"""More copies of a listener, and a broker of several nodes."""
