"""What connects notifications to the outside: SMTP in and out, partners' webhooks, open pages (SSE)."""
