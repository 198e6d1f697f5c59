"""Escalation: the national team's side of a request, from its reception to the end of the accompaniment."""
