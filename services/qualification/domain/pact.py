"""The pact: what the State and local authorities found together, promised each other, signed, and did since."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypedDict
from uuid import UUID

from services.qualification.domain.pact_moves import PACT_MOVES, PactAction, PactStanding, PactState
from services.qualification.domain.pact_parties import Party
from services.qualification.domain.pact_plan import PlannedAction, Status, progress
from services.qualification.domain.pact_refusals import (
    AlreadyAgreed,
    AlreadySigned,
    DiagnosisNotAgreed,
    NotSignedYet,
    PlanEmpty,
    PlanFrozen,
    RecordedByAgent,
    StateNeedsDelegate,
)
from services.qualification.domain.people import Official
from shared.contracts import qualification as facts
from shared.contracts.fact import Actor, Value
from shared.contracts.vocabulary import Role
from shared.errors import Forbidden, IllegalMove, Invalid


class Indicator(Value):
    """A figure of the diagnosis, as people write it, and where it comes from."""

    name: str
    value: str
    source: str | None = None


class Diagnosis(Value):
    """What the parties find together about their territory."""

    strengths: tuple[str, ...] = ()
    weaknesses: tuple[str, ...] = ()
    indicators: tuple[Indicator, ...] = ()


class _About(TypedDict):
    request_id: UUID
    departement: str
    title: str
    at: datetime


@dataclass(slots=True)
class Pact:
    """A pact in one département; a method checks, changes, and gives the fact to tell."""

    id: UUID
    departement: str
    title: str
    parties: list[Party]
    opened_at: datetime
    state_since: datetime
    from_request: UUID | None = None
    state: PactState = PactState.PREPARING
    version: int = 0
    shared_on: date | None = None
    agreed_on: date | None = None
    signed_on: date | None = None
    reviewed_on: date | None = None
    actions: list[PlannedAction] = field(default_factory=list)

    def opened(self) -> facts.PactOpened:
        """Tell that the pact is prepared between these parties."""
        return facts.PactOpened(
            **self._about(self.opened_at),
            parties=tuple(party.name for party in self.parties),
            from_request=self.from_request,
        )

    def allowed_actions(self, who: Official) -> list[str]:
        """List what this official may do now, by the API's names."""
        return self.standing.allowed_actions(who)

    def share_diagnosis(self, who: Official, at: datetime, today: date) -> tuple[Actor, facts.PactDiagnosisShared]:
        """Put a diagnosis on the table: a new version, which every party has yet to agree."""
        by = self._require(PactAction.DIAGNOSIS, who)
        self.version += 1
        self.shared_on, self.agreed_on = today, None
        for party in self.parties:
            party.agreed_on = None
        self.move(PactState.DIAGNOSIS, at)
        return by, facts.PactDiagnosisShared(**self._about(at), version=self.version)

    def agree(
        self, who: Official, reference: str, on: date | None, at: datetime, today: date
    ) -> tuple[Party, Actor, facts.PactDiagnosisAgreed]:
        """A party agrees the diagnosis; with the last one the plan can be drawn up."""
        party, by = self._speaking(PactAction.AGREEMENTS, who, reference)
        if party.agreed_on:
            raise self._illegal(AlreadyAgreed, who, party=party.name)
        party.agreed_on = _within(on, self.shared_on, today, "le partage de ce diagnostic")
        complete = all(each.agreed_on for each in self.parties)
        if complete:
            self.agreed_on = max(each.agreed_on for each in self.parties if each.agreed_on)
            self.move(PactState.PLANNING, at)
        return party, by, facts.PactDiagnosisAgreed(**self._about(at), party=party.name, complete=complete)

    def add_action(
        self, who: Official, action: PlannedAction, at: datetime, today: date
    ) -> tuple[Actor, facts.PactActionAdded]:
        """Add an action to the plan, before anybody signed it."""
        by = self._require(PactAction.ACTIONS, who)
        if action.due_on < today:
            raise Invalid.field("due_on", "Choisissez une échéance à venir.")
        self.actions.append(action)
        return by, facts.PactActionAdded(**self._about(at), action_id=action.id, action=action.title)

    def remove_action(self, who: Official, action_id: UUID) -> PlannedAction:
        """Take an action out of a plan that nobody signed yet."""
        self._require(PactAction.ACTIONS, who)
        action = self._action(action_id)
        self.actions.remove(action)
        return action

    def sign(
        self, who: Official, reference: str, on: date | None, at: datetime, today: date
    ) -> tuple[Party, Actor, facts.PactSigned]:
        """A party signs; with the last signature the pact is in force."""
        party, by = self._speaking(PactAction.SIGNATURES, who, reference)
        if party.signed_on:
            raise self._illegal(AlreadySigned, who, party=party.name)
        party.signed_on = _within(on, self.agreed_on, today, "l’approbation du diagnostic par toutes les parties")
        complete = all(each.signed_on for each in self.parties)
        if complete:
            self.signed_on = max(each.signed_on for each in self.parties if each.signed_on)
            self.move(PactState.SIGNED, at)
        return party, by, facts.PactSigned(**self._about(at), party=party.name, complete=complete)

    def report(
        self, who: Official, action_id: UUID, percent: int | None, status: Status | None, at: datetime
    ) -> tuple[PlannedAction, Actor, facts.PactProgressReported]:
        """Tell how far an action is; what is not given follows from the other."""
        by = self._require(PactAction.PROGRESS, who)
        action = self._action(action_id)
        action.percent, action.status = progress(action, percent, status)
        told = facts.PactProgressReported(
            **self._about(at), action_id=action.id, percent=action.percent, status=action.status
        )
        return action, by, told

    def review(self, who: Official, held_on: date | None, today: date) -> tuple[date, Actor]:
        """Note that the parties met for the yearly review; nobody outside is told."""
        by = self._require(PactAction.REVIEWS, who)
        held = _within(held_on, self.signed_on, today, "la signature du pacte", name="held_on")
        self.reviewed_on = max(held, self.reviewed_on or held)
        return held, by

    def move(self, state: PactState, at: datetime) -> None:
        """Enter a state."""
        self.state, self.state_since = state, at

    @property
    def standing(self) -> PactStanding:
        """Where the pact is, as the moves see it."""
        agreeing = self.state is PactState.DIAGNOSIS
        awaited = [each for each in self.parties if (each.agreed_on if agreeing else each.signed_on) is None]
        return PactStanding(
            self.state,
            state_awaited=any(each.is_state for each in awaited),
            others_awaited=any(not each.is_state for each in awaited),
            planned=bool(self.actions),
            first_signed=any(each.signed_on for each in self.parties),
        )

    def _require(self, action: PactAction, who: Official) -> Actor:
        """Refuse what this official may not do, or what the pact is not ready for; else give his signature."""
        if who.roles.isdisjoint(PACT_MOVES[action].roles):
            raise Forbidden
        if not self.standing.opens(action):
            raise self._illegal(self._why_not(action), who)
        return who.acting_as(*PACT_MOVES[action].roles)

    def _speaking(self, action: PactAction, who: Official, reference: str) -> tuple[Party, Actor]:
        """Find the party that is meant, and refuse whoever may not speak for it."""
        self._require(action, who)
        party = next((each for each in self.parties if each.goes_by(reference)), None)
        if party is None:
            known = ", ".join(each.name for each in self.parties)
            raise Invalid.field("party", f"Ce pacte n’a pas cette partie. Ses parties\u00a0: {known}.")
        role, refusal = (Role.DELEGATE, StateNeedsDelegate) if party.is_state else (Role.SAT_AGENT, RecordedByAgent)
        if role not in who.roles:
            raise refusal
        return party, who.acting_as(role)

    def _why_not(self, action: PactAction) -> type[IllegalMove]:
        standing = self.standing
        if standing.first_signed and action in {PactAction.DIAGNOSIS, PactAction.ACTIONS}:
            return PlanFrozen
        if action in {PactAction.PROGRESS, PactAction.REVIEWS}:
            return NotSignedYet
        if action in {PactAction.ACTIONS, PactAction.SIGNATURES} and self.state is not PactState.SIGNED:
            return PlanEmpty if self.state is PactState.PLANNING else DiagnosisNotAgreed
        return IllegalMove

    def _illegal(self, refusal: type[IllegalMove], who: Official, **said: str) -> IllegalMove:
        return refusal(state=self.state.value, allowed_actions=self.allowed_actions(who), **said)

    def _action(self, action_id: UUID) -> PlannedAction:
        action = next((each for each in self.actions if each.id == action_id), None)
        if action is None:
            raise Invalid.field("action_id", "Ce pacte n’a pas cette action.")
        return action

    def _about(self, at: datetime) -> _About:
        return {"request_id": self.id, "departement": self.departement, "title": self.title, "at": at}


def _within(on: date | None, first: date | None, today: date, since: str, name: str = "on") -> date:
    """Give the day something was done, today unless told; refuses days to come and days before it was possible."""
    day = on or today
    if day > today:
        raise Invalid.field(name, "Cette date est à venir\u00a0: donnez la date à laquelle cela a été fait.")
    if first and day < first:
        raise Invalid.field(name, f"Cette date précède {since} ({first:%d/%m/%Y}).")
    return day
