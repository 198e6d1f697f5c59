"""Runs the operator's page: `python -m shared.operations`."""

from shared.operations.main import main

main()
