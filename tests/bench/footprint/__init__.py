"""What the product takes before anybody uses it."""
