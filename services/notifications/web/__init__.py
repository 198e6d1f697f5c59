"""What people and programs see of deliveries."""
