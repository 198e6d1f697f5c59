"""What people and programs see of a service: pages, API, sign-in, refusals; it knows no service."""
