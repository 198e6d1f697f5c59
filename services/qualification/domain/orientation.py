"""An orientation: a local provider is asked to help, and accepts or declines once, or lets its delay pass."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from services.qualification.domain.refusals import AlreadyAnswered
from shared.contracts.fact import Actor
from shared.contracts.qualification import (
    OrientationAccepted,
    OrientationDeclined,
    OrientationLinkReplaced,
    Provider,
)

SILENCE: Final = "Aucune réponse dans le délai."


class OrientationState(StrEnum):
    """What became of it."""

    OPEN = "open"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    SILENT = "silent"
    CANCELLED = "cancelled"
    ENDED = "ended"


ANSWERED: Final = {
    OrientationState.ACCEPTED: "vous avez accepté d’accompagner la collectivité",
    OrientationState.DECLINED: "vous avez indiqué ne pas pouvoir répondre",
    OrientationState.SILENT: "le délai de réponse est passé et le département a repris la demande",
    OrientationState.CANCELLED: "la demande a été retirée",
    OrientationState.ENDED: "l’accompagnement est terminé",
}
"""Why a link takes no answer any more; also what its page says then."""


@dataclass(slots=True)
class Orientation:
    """One question to one provider, to be answered by the end of the day `until`."""

    id: UUID
    request_id: UUID
    departement: str
    provider_id: UUID
    provider: Provider
    motive: str
    until: date
    opened_at: datetime
    state: OrientationState = OrientationState.OPEN
    answer: str | None = None
    answered_at: datetime | None = None
    link_generation: int = 1
    link_sent_at: datetime | None = None
    """When a link was last sent in place of another, or taken back."""
    ended_at: datetime | None = None
    """When the help that was accepted ended."""
    link_withdrawn: bool = False
    """No link was sent in place of the one that was taken back: nobody is written to."""

    def opens(self, generation: int, *, today: date, days: int) -> bool:
        """Return whether a link of this generation opens the orientation on this day; see `link_ends_on`."""
        ends_on = self.link_ends_on(days)
        return generation == self.link_generation and (ends_on is None or today <= ends_on)

    def link_ends_on(self, days: int) -> date | None:
        """Return the last day of the link: days after the end, or after it was sent; None while the provider acts."""
        if self.state in {OrientationState.OPEN, OrientationState.ACCEPTED}:
            return None
        known = (self.answered_at, self.ended_at, self.link_sent_at)
        moments = [moment.date() for moment in known if moment is not None]
        return max(moments, default=self.until) + timedelta(days=days)

    def replace_link(self, email: str | None, by: Actor, at: datetime) -> OrientationLinkReplaced:
        """Let the links that were sent open nothing; a new one goes to this address, none where there is none."""
        self.link_generation, self.link_sent_at = self.link_generation + 1, at
        self.link_withdrawn = email is None
        if email is not None:
            self.provider = self.provider.model_copy(update={"email": email})
        return OrientationLinkReplaced(
            request_id=self.request_id,
            departement=self.departement,
            at=at,
            orientation_id=self.id,
            provider=self.provider,
            email=email,
            link_generation=self.link_generation,
            until=self.until if self.state is OrientationState.OPEN else None,
            by=by,
        )

    def accept(self, at: datetime, *, start_until: date) -> OrientationAccepted:
        """The provider helps, and contacts the applicant until that day."""
        self._settle(OrientationState.ACCEPTED, None, at)
        return OrientationAccepted(
            request_id=self.request_id,
            departement=self.departement,
            at=at,
            orientation_id=self.id,
            provider=self.provider,
            link_generation=self.link_generation,
            start_until=start_until,
        )

    def decline(self, motive: str, at: datetime) -> OrientationDeclined:
        """The provider cannot help."""
        self._settle(OrientationState.DECLINED, motive, at)
        return self._declined(motive, at, silent=False)

    def give_up(self, at: datetime) -> OrientationDeclined:
        """The provider did not answer in time."""
        self._settle(OrientationState.SILENT, None, at)
        return self._declined(SILENCE, at, silent=True)

    def end(self, at: datetime) -> None:
        """The help that was accepted is over: it counts no more in the provider's capacity."""
        if self.state is OrientationState.ACCEPTED:
            self.state, self.ended_at = OrientationState.ENDED, at

    def cancel(self, at: datetime) -> None:
        """The applicant gave the request up: no answer is wanted any more."""
        self._settle(OrientationState.CANCELLED, None, at)

    def _settle(self, state: OrientationState, answer: str | None, at: datetime) -> None:
        if self.state is not OrientationState.OPEN:
            raise AlreadyAnswered(state=self.state.value, allowed_actions=[], why=ANSWERED[self.state])
        self.state, self.answer, self.answered_at = state, answer, at

    def _declined(self, motive: str, at: datetime, *, silent: bool) -> OrientationDeclined:
        return OrientationDeclined(
            request_id=self.request_id,
            departement=self.departement,
            at=at,
            orientation_id=self.id,
            provider=self.provider,
            motive=motive,
            silent=silent,
        )
