"""Standing members of the committee: their qualities, alternates and days in office."""

from datetime import date

from services.escalation.domain.committee import EARLIEST_YEAR, LATEST_YEARS_AHEAD, MemberRole
from services.escalation.domain.inputs import Line
from shared.commands import Command
from shared.errors import FieldError, Invalid


class StandingMember(Command):
    """A member of the committee, who may have an alternate; in office from one day until another, or for good."""

    name: Line
    role: MemberRole = MemberRole.VOTING
    alternate: Line | None = None
    valid_from: date
    valid_until: date | None = None

    def check(self, *, today: date) -> None:
        """Refuse (`Invalid`) days that are not plausible or in the wrong order, and oneself as one's alternate."""
        errors = []
        if not EARLIEST_YEAR <= self.valid_from.year <= today.year + LATEST_YEARS_AHEAD:
            errors.append(FieldError("valid_from", "Cette date n’est pas plausible : vérifiez l’année."))
        if self.valid_until is not None and self.valid_until < self.valid_from:
            errors.append(FieldError("valid_until", "La fin ne peut pas précéder le début."))
        if self.alternate is not None and self.alternate.casefold() == self.name.casefold():
            errors.append(FieldError("alternate", "Le suppléant est une autre personne que le membre."))
        if errors:
            raise Invalid(errors)
