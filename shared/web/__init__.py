"""Web layer of every service: pages, API, sign-in and error answers; it depends on no service."""
