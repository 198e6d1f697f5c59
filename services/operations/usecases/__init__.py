"""What operators do: each action and its record are one transaction."""
