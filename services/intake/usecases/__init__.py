"""What one can do: one function each, load → decide → record, in the caller's transaction."""
