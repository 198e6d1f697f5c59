"""Runs the operator's page: `python -m services.operations`."""

from services.operations.main import main

main()
