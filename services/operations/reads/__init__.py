"""What operators look at: read from the services' databases and the broker, changing nothing."""
