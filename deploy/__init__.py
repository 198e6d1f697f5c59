"""Deployment: the run on one machine (`make run`), the files for observability, and the generated API documents."""
