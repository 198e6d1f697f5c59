"""Run the operators' page and API: `python -m services.operations`."""

from services.operations.main import main

main()
