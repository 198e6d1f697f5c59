"""Notifications: tells each person concerned, by mail, what has happened to a request."""
