"""Three hops, one after the other: how long what is told at the beginning takes to its effect at the end."""
