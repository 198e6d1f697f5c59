"""Run the notifications service: `python -m services.notifications`."""

from services.notifications.main import main

main()
