"""Use cases: load, decide, save and record the event, in the transaction of the caller."""
