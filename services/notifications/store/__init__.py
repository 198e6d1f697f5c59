"""SQL of notifications that writes or locks rows: requests, preferences, deliveries and replies."""
