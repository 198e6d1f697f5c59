"""Backups of all databases at one moment, with intake's documents: taken while people work, and restored."""
