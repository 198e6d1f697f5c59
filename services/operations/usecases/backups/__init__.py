"""Backup and restore of all databases at one moment, with intake's documents."""
