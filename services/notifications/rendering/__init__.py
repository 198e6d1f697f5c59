"""Rendering of mails as text and HTML, their links and their reply addresses."""
