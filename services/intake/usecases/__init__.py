"""Use cases: one async function per action or consumed event, in the caller's transaction."""
