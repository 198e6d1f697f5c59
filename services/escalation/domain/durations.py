"""Durations of the stages of a dossier, as configured."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Durations:
    """How long the stages last: working days of the French calendar, or calendar days where it is said."""

    admissibility: int = 15
    committee: int = 30
    evaluation_calendar_days: int = 30
    early_notes_calendar_days: int = 30
    reminder: int = 2
