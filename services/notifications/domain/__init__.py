"""Domain of notifications: recipients, channels, addresses and delivery states; without I/O."""
