"""The SQL that shows: lists and details for pages and API, as small typed rows."""
