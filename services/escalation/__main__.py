"""`python -m services.escalation` runs the service."""

from services.escalation.main import main

if __name__ == "__main__":
    main()
