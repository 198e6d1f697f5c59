"""Run the escalation service: `python -m services.escalation`."""

from services.escalation.main import main

if __name__ == "__main__":
    main()
