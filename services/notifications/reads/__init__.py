"""Read models of notifications: mails, preferences, addresses and the bell."""
