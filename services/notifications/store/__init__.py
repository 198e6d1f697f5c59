"""The SQL that changes or locks: what is known of requests, preferences, deliveries and what comes back to them."""
