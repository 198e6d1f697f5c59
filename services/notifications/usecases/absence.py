"""Be away: a colleague gets the copies meanwhile, and nothing waits for somebody who is not there."""

from datetime import date, datetime

from services.notifications.domain.preferences import Absence
from services.notifications.store.preferences import colleagues, end_absence, set_absence
from services.notifications.usecases.preferences import audiences_of
from shared.db import Transaction
from shared.errors import FieldError, Invalid
from shared.identity.model import Agent


async def be_away(tx: Transaction, absence: Absence, *, by: Agent, today: date, at: datetime) -> None:
    """Keep when an agent is away, and who reads his copies; refuses days gone by and whoever sees less than he does."""
    errors = []
    if absence.until_on < absence.from_on:
        errors.append(FieldError("until_on", "Indiquez un jour qui suit le premier jour d’absence."))
    elif absence.until_on < today:
        errors.append(FieldError("until_on", "Cette absence est déjà terminée : indiquez un jour à venir."))
    able = {colleague for colleague, _ in await colleagues(tx, by.id)}
    if absence.stand_in is not None and (absence.stand_in not in able or not audiences_of(by)):
        sentence = "Choisissez un collègue qui a les mêmes rôles et le même périmètre que vous."
        errors.append(FieldError("stand_in", sentence))
    if errors:
        raise Invalid(errors)
    await set_absence(tx, by.id, absence, at=at)


async def be_back(tx: Transaction, *, by: Agent) -> None:
    """End an absence, or give up one to come."""
    await end_absence(tx, by.id)
