"""Notifications service: sends mails, bell notices and webhooks about what has happened to a request."""
