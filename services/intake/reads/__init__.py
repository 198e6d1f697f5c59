"""Read models: the SQL that pages and API show, in typed views."""
