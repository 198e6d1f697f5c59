"""What an operation costs when the databases have grown."""
