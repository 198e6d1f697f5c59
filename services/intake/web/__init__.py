"""What people and programs see of intake."""
