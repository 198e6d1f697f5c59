"""The SQL that shows: lists and details for pages and API, in small typed rows."""
