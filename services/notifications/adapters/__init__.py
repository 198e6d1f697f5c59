"""Adapters of notifications: SMTP in and out, webhooks to partners, server-sent events to open pages."""
