"""Run the qualification service: `python -m services.qualification`."""

from services.qualification.main import main

if __name__ == "__main__":
    main()
