"""What people and programs see of the département's side."""
