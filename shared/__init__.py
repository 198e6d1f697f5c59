"""What every service may use and nothing that knows a service."""
