"""Use cases of territorial pacts."""
