"""Mails as text and HTML, the links in them, and the addresses that lead back to them."""
