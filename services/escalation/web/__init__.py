"""What people and programs see of the national team's work."""
