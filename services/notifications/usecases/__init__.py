"""Use cases of notifications: create, send and resend mails, digests, replies, preferences, webhooks."""
