"""Reads of operations: queries on the services' databases and the broker, without any change."""
