"""Agents: the accounts that an administrator created, their roles and perimeter, and their API tokens."""
