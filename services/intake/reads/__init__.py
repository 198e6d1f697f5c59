"""The SQL that shows: small typed rows for pages and API."""
