"""What the service does: learn, tell, send, send again, gather digests, keep preferences."""
