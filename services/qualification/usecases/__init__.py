"""One async function per thing one can do: load → decide → save → record, in the caller's transaction."""
