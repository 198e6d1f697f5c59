"""The SQL that shows: mails, choices, addresses, the bell."""
