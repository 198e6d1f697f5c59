"""What one can do: load, decide, save, record the event, in the caller's transaction."""
