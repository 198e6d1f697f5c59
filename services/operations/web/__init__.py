"""The operator's page and its API: they show and do what the command line shows and does."""
